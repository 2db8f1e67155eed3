import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { drive, greatestByAdversary, greatestByStart, sum, type Job, type Run } from './drive.js';

const limit = fc.integer({ min: 1, max: 6 });
const intervalMs = fc.constantFrom(1, 7, 100);
const gapMs = fc.oneof(fc.constant(0), fc.nat(30), fc.constantFrom(99, 100, 101, 350));
const latencyMs = fc.oneof(fc.constant(0), fc.nat(40), fc.constantFrom(100, 250));

/** Jobs that fit: each costs between 0 and the capacity. */
const scenario = fc
  .tuple(limit, intervalMs, fc.constantFrom(0, 0.2, 0.5))
  .map(([limit, intervalMs, headroom]) => ({ limit, intervalMs, headroom }))
  .chain((options) => {
    const { capacity } = slidingWindow(options);
    const cost = fc.oneof(fc.constant(1), fc.integer({ min: 0, max: capacity }));
    const jobs = fc.array(fc.record<Job>({ gapMs, cost, latencyMs }), { maxLength: 60 });
    return fc.record({ options: fc.constant(options), capacity: fc.constant(capacity), jobs });
  });

/** What counts at `atMs` of the runs before it, by the book. */
function counting(runs: readonly Run[], atMs: number, intervalMs: number, until: 'end' | 'start'): number {
  const counted = runs.filter((run) => atMs - (until === 'end' ? run.endMs : run.startMs) < intervalMs);
  return sum(counted.map(({ cost }) => cost));
}

describe('slidingWindow', () => {
  it('should never start more than the limit in any window, counted at dispatch', () => {
    fc.assert(
      fc.property(scenario, fc.constantFrom('end', 'start'), ({ options, capacity, jobs }, countUntil) => {
        const runs = drive(slidingWindow({ ...options, countUntil }), jobs);
        expect(greatestByStart(runs, options.intervalMs)).toBeLessThanOrEqual(capacity);
      }),
    );
  });

  it('should never let a server see more than the limit, whenever between sending and answering it counts', () => {
    fc.assert(
      fc.property(scenario, ({ options, capacity, jobs }) => {
        const runs = drive(slidingWindow(options), jobs);
        expect(greatestByAdversary(runs, options.intervalMs)).toBeLessThanOrEqual(capacity);
      }),
    );
  });

  it('should never start anything later than it must: one millisecond earlier would break the limit', () => {
    fc.assert(
      fc.property(scenario, fc.constantFrom('end', 'start'), ({ options, capacity, jobs }, countUntil) => {
        const runs = drive(slidingWindow({ ...options, countUntil }), jobs);
        for (const [index, run] of runs.entries()) {
          const before = runs.slice(0, index);
          const couldStartMs = Math.max(run.arrivedMs, before.at(-1)?.startMs ?? 0);
          if (run.startMs === couldStartMs) continue;
          const counted = counting(before, run.startMs - 1, options.intervalMs, countUntil);
          expect(counted + run.cost).toBeGreaterThan(capacity);
        }
      }),
    );
  });

  it('should never let more than the limit into a window of fractional instants', () => {
    const fraction = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        limit,
        fraction.map((ms) => ms + 0.1),
        fc.array(fraction, { maxLength: 60 }),
        (most, ms, gaps) => {
          const jobs = gaps.map((gap) => ({ gapMs: gap, cost: 1, latencyMs: 0 }));
          const runs = drive(slidingWindow({ limit: most, intervalMs: ms }), jobs);
          expect(greatestByStart(runs, ms)).toBeLessThanOrEqual(most);
        },
      ),
    );
  });
});
