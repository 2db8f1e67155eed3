import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { limiterOf, Work } from './work.js';

const perMinute = (limit: number) => slidingWindow({ limit, intervalMs: 60_000, name: 'rate', countUntil: 'start' });

describe('limiter.explain', () => {
  it('tells the place, the limit that holds it, and how long at least', () => {
    const { limiter, clock } = limiterOf({ limits: [perMinute(1), concurrency({ limit: 5, name: 'slots' })] });
    new Work(limiter);
    for (const id of ['a', 'b']) new Work(limiter, { id });
    clock.advance(20_000);
    expect(limiter.explain('a')).toEqual({ place: 0, ahead: 0, heldBy: 'rate', atLeastMs: 40_000 });
    expect(limiter.explain('b')).toEqual({ place: 1, ahead: 1, heldBy: 'rate', atLeastMs: 40_000 });
  });

  it('names the first of two limits that hold alike', () => {
    const same = slidingWindow({ limit: 1, intervalMs: 60_000, countUntil: 'start', name: 'another' });
    const { limiter } = limiterOf({ limits: [perMinute(1), same] });
    new Work(limiter);
    new Work(limiter, { id: 'a' });
    expect(limiter.explain('a')?.heldBy).toBe('rate');
  });

  it('knows nobody who does not wait', () => {
    const { limiter } = limiterOf();
    new Work(limiter, { id: 'runs' });
    expect(limiter.explain('runs')).toBeUndefined();
    expect(limiter.explain('never seen')).toBeUndefined();
  });

  it('counts places by key, and what goes before by turns and priorities', () => {
    const { limiter } = limiterOf();
    new Work(limiter);
    for (const key of ['ada', 'ada', 'bob']) new Work(limiter, { key });
    new Work(limiter, { key: 'bob', id: 'second of bob' });
    new Work(limiter, { key: 'eve', priority: 1 });
    expect(limiter.explain('second of bob')).toEqual({
      place: 1,
      ahead: 4,
      heldBy: 'concurrency',
      atLeastMs: Infinity,
    });
  });

  it('moves no limit by asking it out of turn', () => {
    const { limiter, clock } = limiterOf({
      limits: [adaptiveConcurrency({ max: 9, initial: 1, name: 'slots' }), concurrency({ limit: 1 })],
    });
    new Work(limiter);
    new Work(limiter);
    new Work(limiter, { id: 'heavy', cost: { slots: 8 } });
    clock.advance(3_600_000);
    const before = limiter.snapshot();
    expect(limiter.explain('heavy')).toMatchObject({ heldBy: 'concurrency', atLeastMs: Infinity });
    expect(limiter.snapshot()).toEqual(before);
  });

  it('reads the calendar for those who wait for midnight', () => {
    const { limiter, clock } = limiterOf({ limits: [dailyQuota({ limit: 1 })] });
    new Work(limiter);
    new Work(limiter, { id: 'tomorrow' });
    clock.advance(1_000);
    const atLeastMs = 12 * 3_600_000 - 1_000;
    expect(limiter.explain('tomorrow')).toEqual({ place: 0, ahead: 0, heldBy: 'daily quota', atLeastMs });
  });

  it('names the cool-down', () => {
    const { limiter } = limiterOf();
    limiter.coolDown(3_000);
    new Work(limiter, { id: 'x' });
    expect(limiter.explain('x')).toMatchObject({ heldBy: 'cool-down', atLeastMs: 3_000 });
  });
});
