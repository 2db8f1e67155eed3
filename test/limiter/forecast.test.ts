import { describe, expect, it } from 'vitest';
import { CostOverCapacityError } from '../../src/errors.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { evenly } from '../../src/limits/evenly.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';
import { limiterOf, Work } from './work.js';

const perMinute = (limit: number) => slidingWindow({ limit, intervalMs: 60_000, name: 'rate', countUntil: 'start' });

describe('limiter.forecast', () => {
  it('finds what slots alone would take', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    expect(limiter.forecast(7, { taskMs: 10 })).toEqual({ startsInMs: 20, doneInMs: 30, boundBy: 'slots' });
  });

  it('finds what a rate alone would take', () => {
    const { limiter } = limiterOf({ limits: [perMinute(30)] });
    expect(limiter.forecast(61)).toEqual({ startsInMs: 120_000, doneInMs: 120_000, boundBy: 'rate' });
  });

  it('finds which of two binds', () => {
    const limits = () => [perMinute(30), concurrency({ limit: 3, name: 'slots' })];
    expect(limiterOf({ limits: limits() }).limiter.forecast(300, { taskMs: 60_000 }).boundBy).toBe('slots');
    expect(limiterOf({ limits: limits() }).limiter.forecast(300, { taskMs: 1_000 }).boundBy).toBe('rate');
  });

  it('is free at once where nothing binds', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3 })] });
    expect(limiter.forecast(3, { taskMs: 5 })).toEqual({ startsInMs: 0, doneInMs: 5, boundBy: undefined });
  });

  it('counts from now, by the calendar too', () => {
    const { limiter, clock } = limiterOf({ limits: [dailyQuota({ limit: 2, name: 'credits' })] });
    clock.advance(3_600_000);
    const startsInMs = 11 * 3_600_000;
    expect(limiter.forecast(4, { taskMs: 5 })).toEqual({ startsInMs, doneInMs: startsInMs + 5, boundBy: 'credits' });
    expect(limiter.forecast(5).startsInMs).toBe(startsInMs + 24 * 3_600_000);
  });

  it('has nothing to wait for where there is nothing to do', () => {
    const { limiter, clock } = limiterOf();
    clock.advance(70);
    expect(limiter.forecast(0)).toEqual({ startsInMs: 0, doneInMs: 0, boundBy: undefined });
  });

  it('never comes to an end over a budget that is too small', () => {
    const { limiter } = limiterOf({ limits: [perMinute(3), budget({ limit: 5 })] });
    expect(limiter.forecast(6)).toEqual({ startsInMs: Infinity, doneInMs: Infinity, boundBy: 'budget' });
    expect(limiter.forecast(5)).toEqual({ startsInMs: 60_000, doneInMs: 60_000, boundBy: 'rate' });
  });

  it('names what holds back for longer, whichever of the limits comes first, and the first of two that hold alike', () => {
    const slow = slidingWindow({ limit: 1, intervalMs: 900, name: 'slow', countUntil: 'start' });
    const slots = concurrency({ limit: 2, name: 'slots' });
    expect(limiterOf({ limits: [slow, slots] }).limiter.forecast(9, { taskMs: 2_000 }).boundBy).toBe('slots');
    expect(limiterOf({ limits: [slots, slow] }).limiter.forecast(9, { taskMs: 1_000 }).boundBy).toBe('slow');
  });

  it("counts whose work it is, and what it costs, by each key's own limit", () => {
    const { limiter } = limiterOf({ limits: [perKey(() => slidingWindow({ limit: 4, intervalMs: 60_000 }))] });
    new Work(limiter, { key: 'ada', cost: 3 });
    const startsInMs = (key: unknown, cost?: number) =>
      limiter.forecast(1, { key, ...(cost !== undefined && { cost }), taskMs: 10 }).startsInMs;
    expect([startsInMs('ada'), startsInMs('ada', 4), startsInMs('bob', 4)]).toEqual([0, 60_010, 0]);
  });

  it('comes to its end, though work waits in its place for a slot', () => {
    const limits = [adaptiveConcurrency({ max: 9, initial: 3, decrease: 1, name: 'slots' })];
    const { limiter } = limiterOf({ limits });
    for (const slots of [1, 2]) new Work(limiter, { cost: { slots } });
    limiter.refusedSlot({ slots: 2 }, 0);
    expect(limiter.forecast(20, { taskMs: 60_000 })).toEqual({
      startsInMs: 190_000,
      doneInMs: 250_000,
      boundBy: 'slots',
    });
  });

  it('counts what waits, and what runs, before what is to come', () => {
    const { limiter } = limiterOf();
    for (let i = 0; i < 3; i++) new Work(limiter);
    expect(limiter.forecast(1, { taskMs: 100 })).toMatchObject({ startsInMs: 300, doneInMs: 400 });
  });

  it('agrees with what then happens, whatever the limits', async () => {
    const limits = [
      slidingWindow({ limit: 5, intervalMs: 1_000 }),
      evenly({ limit: 10, intervalMs: 1_500 }),
      tokenBucket({ capacity: 3, refill: 4, intervalMs: 1_000 }),
      concurrency({ limit: 2 }),
    ];
    const { limiter, clock } = limiterOf({ limits });
    const { startsInMs, doneInMs } = limiter.forecast(40, { taskMs: 300 });
    const startsAtMs: number[] = [];
    const all = Array.from({ length: 40 }, () =>
      limiter.run(() => {
        startsAtMs.push(clock.now());
        return new Promise<void>((resolve) => clock.schedule(300, resolve));
      }),
    );
    for (let i = 0; i < 400; i++) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    const lastMs = startsAtMs.at(-1) ?? NaN;
    // A promise's end is seen at the next step of 50 ms here: never before the forecast, and late by a step a round.
    expect(lastMs).toBeGreaterThanOrEqual(startsInMs);
    expect(doneInMs - startsInMs).toBe(300);
  });

  it.each([
    [-1, {}, 'count'],
    [Infinity, {}, 'count'],
    [1, { taskMs: NaN }, 'taskMs'],
    [1, { taskMs: -5 }, 'taskMs'],
  ])('refuses what it could never come to the end of: %f, %j', (count, options, path) => {
    const { limiter } = limiterOf();
    expect(() => limiter.forecast(count, options)).toThrow(
      expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }),
    );
  });

  it('leaves the limiter as it was', () => {
    const keyed = perKey(() => concurrency({ limit: 2 }));
    const limits = [perMinute(2), keyed, adaptiveConcurrency({ max: 4, initial: 2 }), dailyQuota({ limit: 9 })];
    const { limiter } = limiterOf({ limits });
    new Work(limiter, { key: 'ada' });
    const before = limiter.snapshot();
    limiter.forecast(100, { taskMs: 10, key: 'ada' });
    expect(limiter.snapshot()).toEqual(before);
  });

  it('waits for what runs of the same key', () => {
    const { limiter } = limiterOf({ limits: [perKey(() => concurrency({ limit: 1 }))] });
    for (const key of ['ada', 'bob']) new Work(limiter, { key });
    expect(limiter.forecast(2, { taskMs: 100, key: 'bob' })).toEqual({
      startsInMs: 200,
      doneInMs: 300,
      boundBy: 'concurrency per key',
    });
  });

  it('never comes to an end where work can never start', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 1, name: 'slots' })] });
    new Work(limiter);
    const other = limiterOf({ limits: [tokenBucket({ capacity: 1, refill: 1, intervalMs: 1 })] });
    expect(other.limiter.forecast(1).startsInMs).toBe(0);
    expect(() => limiter.forecast(1, { cost: 2 })).toThrow(CostOverCapacityError);
  });
});
