import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evenly } from '../../src/limits/evenly.js';
import { runs } from '../runs.js';
import { drive, greatestByAdversary, greatestByStart, type Job } from './drive.js';

const spacingMs = fc.constantFrom(1, 3, 25, 100);
const scenario = fc.integer({ min: 1, max: 6 }).chain((limit) => {
  const gapMs = fc.oneof(fc.constant(0), fc.nat(30), fc.nat(400));
  const latencyMs = fc.oneof(fc.constant(0), fc.nat(150));
  const jobs = fc.array(fc.record<Job>({ gapMs, cost: fc.integer({ min: 1, max: limit }), latencyMs }), {
    maxLength: 60,
  });
  return fc.record({ limit: fc.constant(limit), spacingMs, jobs });
});
const countUntil = fc.constantFrom<('end' | 'start')[]>('end', 'start');

describe('evenly', () => {
  it('should always keep the spacing between two starts in virtual time, times what the first costs', () => {
    fc.assert(
      fc.property(scenario, countUntil, ({ limit, spacingMs, jobs }, until) => {
        const runs = drive(evenly({ limit, intervalMs: limit * spacingMs, countUntil: until }), jobs);
        for (const [index, run] of runs.entries()) {
          const previous = runs[index - 1];
          if (previous === undefined) continue;
          expect(run.startMs - previous.startMs).toBeGreaterThanOrEqual(previous.cost * spacingMs);
        }
      }),
    );
  });

  it('should never start more than the limit in any window, late timers or not', () => {
    const lateMs = fc.array(fc.double({ min: 0, max: 30, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(scenario, countUntil, lateMs, ({ limit, spacingMs, jobs }, until, lateness) => {
        const intervalMs = limit * spacingMs;
        const limiting = evenly({ limit, intervalMs, countUntil: until });
        const runs = drive(limiting, jobs, (index) => lateness[index % lateness.length] ?? 0);
        expect(greatestByStart(runs, intervalMs)).toBeLessThanOrEqual(limit);
        if (until === 'end') expect(greatestByAdversary(runs, intervalMs)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('should always keep the mean rate under late timers: only what the exact window takes back is lost', () => {
    // 300 a second are 3.33 ms apart: waits of whole milliseconds would make it 250.
    const [limit, intervalMs, count] = [300, 1_000, 900];
    const jobs = Array.from({ length: count }, () => ({ gapMs: 0, cost: 1, latencyMs: 0 }));
    const lateMs = fc.array(fc.double({ min: 0, max: 9.9, noNaN: true }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(lateMs, (lateness) => {
        const limiting = evenly({ limit, intervalMs, countUntil: 'start' });
        const runs = drive(limiting, jobs, (index) => lateness[index % lateness.length] ?? 0);
        const lastMs = runs.at(-1)?.startMs ?? NaN;
        // A start that was late moves the one a window later by as much, once a window, and the last is late itself.
        const allowedMs = Math.max(...lateness) * Math.ceil(count / limit);
        expect(lastMs).toBeLessThan(((count - 1) * intervalMs) / limit + allowedMs + 1e-6);
      }),
      runs(50),
    );
  });
});
