import fc from 'fast-check';
import { merge, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { rateLimit } from '../../operators/rateLimit.js';
import type { Clock } from '../../src/clock.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { arrivals, emissions, type Arrival } from './arrivals.js';
import { record } from './recording.js';
import { runs } from '../runs.js';
import { VirtualClock } from './virtualClock.js';

const rate = fc.record({ limit: fc.integer({ min: 1, max: 6 }), intervalMs: fc.integer({ min: 1, max: 60 }) });
type Rate = typeof rate extends fc.Arbitrary<infer R> ? R : never;

interface Priced extends Arrival {
  readonly cost: number;
}
/** Costs of 0 to 6, of which a limit of `limit` takes what it holds at the most. */
const priced = arrivals(fc.record({ cost: fc.integer({ min: 0, max: 6 }) }));
const within = (plan: readonly Priced[], { limit }: Rate): readonly Priced[] =>
  plan.map((it) => ({ ...it, cost: Math.min(it.cost, limit) }));

/** When each passes at the earliest, in its turn, by trying every instant at which there could be more room. */
function ideal(plan: readonly Priced[], { limit, intervalMs }: Rate): readonly number[] {
  const passed: { readonly atMs: number; readonly cost: number }[] = [];
  for (const { atMs, cost } of plan) {
    const soonestMs = Math.max(atMs, passed.at(-1)?.atMs ?? 0);
    const leavingMs = passed.map((it) => it.atMs + intervalMs).filter((it) => it > soonestMs);
    const inWindow = (endMs: number): number =>
      passed.filter((it) => endMs - it.atMs < intervalMs).reduce((sum, it) => sum + it.cost, 0);
    const fitsAtMs = [soonestMs, ...leavingMs].find((it) => cost === 0 || inWindow(it) + cost <= limit);
    passed.push({ atMs: fitsAtMs ?? NaN, cost });
  }
  return passed.map((it) => it.atMs);
}

/** The greatest sum of costs within any half-open window. */
function greatest(timeline: readonly (readonly [number, Priced])[], { intervalMs }: Rate): number {
  const sums = timeline.map(([startMs]) =>
    timeline
      .filter(([atMs]) => atMs >= startMs && atMs - startMs < intervalMs)
      .reduce((sum, [, it]) => sum + it.cost, 0),
  );
  return Math.max(0, ...sums);
}

function play<T>(clock: VirtualClock, stream: Observable<T>): ReturnType<typeof record<T>> {
  const recording = record(stream, () => clock.now());
  clock.drain();
  return recording;
}

describe('rateLimit', () => {
  it('should lose, add and reorder nothing, and let each value pass at the first instant that the limit allows', () => {
    fc.assert(
      fc.property(rate, priced, (options, plan) => {
        const items = within(plan, options);
        const clock = new VirtualClock();
        const limited = emissions(items, clock).pipe(rateLimit({ ...options, cost: (it) => it.cost, clock }));
        const { timeline, end } = play(clock, limited);
        expect(timeline.map(([, it]) => it)).toEqual(items);
        expect(timeline.map(([atMs]) => atMs)).toEqual(ideal(items, options));
        expect(end).toBe('|');
      }),
      runs(400),
    );
  });

  it('should never let more than its limit into any window, however late the timers', () => {
    fc.assert(
      fc.property(
        rate,
        priced,
        fc.infiniteStream(fc.double({ min: 0, max: 20, noNaN: true })),
        (options, plan, lateMs) => {
          const items = within(plan, options);
          const clock = new VirtualClock();
          const lateClock: Clock = {
            now: () => clock.now(),
            epochNow: () => clock.epochNow(),
            schedule: (delayMs, run) => clock.schedule(delayMs + Number(lateMs.next().value), run),
          };
          const limited = emissions(items, clock).pipe(
            rateLimit({ ...options, cost: (it) => it.cost, clock: lateClock }),
          );
          const { timeline } = play(clock, limited);
          expect(timeline.map(([, it]) => it)).toEqual(items);
          expect(greatest(timeline, options)).toBeLessThanOrEqual(options.limit);
        },
      ),
      runs(200),
    );
  });

  it('should always treat two streams on one limiter as their merge', () => {
    const tagged = arrivals(fc.record({ cost: fc.constant(1), isLeft: fc.boolean() }));
    fc.assert(
      fc.property(rate, tagged, (options, plan) => {
        const onOneLimiter = (streams: (typeof plan)[]): readonly (readonly [number, Priced])[] => {
          const clock = new VirtualClock();
          const limiter = createLimiter({ limits: [slidingWindow(options)], clock });
          const limited = streams.map((stream) => emissions(stream, clock).pipe(rateLimit({ limiter })));
          return play(clock, merge(...limited)).timeline;
        };
        const left = plan.filter(({ isLeft }) => isLeft);
        const right = plan.filter(({ isLeft }) => !isLeft);
        // Of one instant, the left stream's come first: as it is subscribed to first.
        const merged = plan.toSorted(
          (one, other) => one.atMs - other.atMs || Number(other.isLeft) - Number(one.isLeft),
        );
        expect(onOneLimiter([left, right])).toEqual(onOneLimiter([merged]));
      }),
      runs(200),
    );
  });

  it('should always space evenly: one interval for each unit, and no later', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 20 }),
        arrivals(fc.record({})),
        (limit, eachMs, plan) => {
          const clock = new VirtualClock();
          const intervalMs = limit * eachMs;
          const limited = emissions(plan, clock).pipe(rateLimit({ limit, intervalMs, spacing: 'even', clock }));
          const expected: number[] = [];
          for (const { atMs } of plan) expected.push(Math.max(atMs, (expected.at(-1) ?? -Infinity) + eachMs));
          expect(play(clock, limited).timeline.map(([atMs]) => atMs)).toEqual(expected);
        },
      ),
      runs(200),
    );
  });

  it('should always leave a shared limiter empty, and without a timer, once its streams are disposed of', () => {
    const disposal = fc.integer({ min: 0, max: 200 });
    fc.assert(
      fc.property(rate, priced, disposal, disposal, (options, plan, leftMs, rightMs) => {
        const clock = new VirtualClock();
        const limiter = createLimiter({ limits: [slidingWindow(options)], clock });
        for (const atMs of [leftMs, rightMs]) {
          const { subscription } = record(emissions(plan, clock).pipe(rateLimit({ limiter })));
          clock.schedule(atMs, () => subscription.unsubscribe());
        }
        clock.advance(Math.max(leftMs, rightMs));
        expect(limiter.snapshot()).toMatchObject({ active: 0, waiting: 0 });
        expect(clock.pending).toBe(0);
      }),
      runs(200),
    );
  });
});
