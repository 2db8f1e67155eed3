import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Durations } from '../../src/tasks/durations.js';
import { pollInstant, type PollInstantOptions } from '../../src/tasks/pollInstant.js';
import { runs } from '../runs.js';
import { spread } from './plans.js';

function durationsOf(all: readonly number[]): Durations {
  const durations = new Durations();
  for (const each of all) durations.add(each);
  return durations;
}

/** One task that has just begun, and a poll at any time. */
function single(durations: Durations, options: Partial<PollInstantOptions> = {}): PollInstantOptions {
  const task = { startedAtMs: 0, seenAtMs: 0, notBeforeMs: 0 };
  return { tasks: [task], durations, costMs: 1_000, fromMs: 0, untilMs: 40_000, ...options };
}

describe('the instant of a poll', () => {
  it('should always be one of those allowed', () => {
    const ms = fc.oneof(fc.nat(100_000), fc.double({ min: 0, max: 1e6, noNaN: true }));
    const task = fc.tuple(ms, ms, ms).map(([started, seen, later]) => ({
      startedAtMs: started,
      seenAtMs: started + seen,
      notBeforeMs: started + seen + later,
    }));
    const options = fc.record({
      tasks: fc.array(task, { minLength: 1, maxLength: 20 }),
      durations: fc.array(ms, { minLength: 1, maxLength: 64 }).map(durationsOf),
      costMs: ms,
    });
    fc.assert(
      fc.property(options, fc.oneof(fc.constant(0), ms), (given, widthMs) => {
        const fromMs = Math.min(...given.tasks.map(({ notBeforeMs }) => notBeforeMs));
        const untilMs = fromMs + widthMs;
        const atMs = pollInstant({ ...given, fromMs, untilMs });
        expect(atMs).toBeGreaterThanOrEqual(fromMs);
        expect(atMs).toBeLessThanOrEqual(untilMs);
      }),
      runs(300),
    );
  });

  it('is right behind lives that are all about as long', () => {
    const atMs = pollInstant(single(durationsOf(spread(29_000, 31_000, 40)), { costMs: 3_000 }));
    expect(atMs).toBeGreaterThanOrEqual(31_000);
    expect(atMs).toBeLessThan(31_500);
  });

  it('is the last that is allowed where no end is to be expected before', () => {
    expect(pollInstant(single(durationsOf(spread(60_000, 61_000, 40)), { costMs: 5_000 }))).toBe(40_000);
  });

  it('is later the more a poll costs', () => {
    const durations = durationsOf(spread(0, 60_000, 60));
    const [cheap, dear] = [500, 3_000].map((costMs) => pollInstant(single(durations, { costMs })));
    expect(cheap).toBeLessThan(dear!);
  });

  it('is sooner the more tasks there are to find', () => {
    const durations = durationsOf(spread(0, 60_000, 60));
    const task = { startedAtMs: 0, seenAtMs: 0, notBeforeMs: 0 };
    const many = pollInstant(single(durations, { tasks: Array.from({ length: 10 }, () => task) }));
    expect(many).toBeLessThan(pollInstant(single(durations)) / 2);
  });

  it('is the root of twice the cost over the rate of ends, where these come at a steady rate', () => {
    // One in a minute: sqrt(2 x 3 s x 60 s) is 19 s.
    const atMs = pollInstant(single(durationsOf(spread(0, 60_000, 64)), { costMs: 3_000 }));
    expect(Math.abs(atMs - 19_000)).toBeLessThan(2_000);
  });

  it('is no later than when the delay to be expected has cost as much as the poll', () => {
    // Half of the tasks end within a second, and the others late: one poll would serve all of them, if one waited.
    const durations = durationsOf([...spread(900, 1_000, 30), ...spread(30_000, 31_000, 30)]);
    const atMs = pollInstant(single(durations, { fromMs: 2_500, costMs: 2_000 }));
    expect(atMs).toBeLessThan(5_500);
  });

  it('does not count on tasks before they may be asked for', () => {
    const durations = durationsOf(spread(9_000, 10_000, 40));
    const tasks = [
      { startedAtMs: 0, seenAtMs: 0, notBeforeMs: 20_000 },
      { startedAtMs: 5_000, seenAtMs: 5_000, notBeforeMs: 5_000 },
    ];
    expect(pollInstant(single(durations, { tasks, fromMs: 5_000 }))).toBeGreaterThan(14_000);
  });
});
