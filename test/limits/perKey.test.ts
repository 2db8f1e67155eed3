import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { CostOverCapacityError } from '../../src/errors.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { copyOf, type Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';

/** A limit per key, and for which keys it has made one so far (the first is a sample, of no key). */
function watched(make: (key: unknown) => Limit): { readonly limit: Limit; readonly made: unknown[] } {
  const made: unknown[] = [];
  const limit = perKey((key) => {
    made.push(key);
    return make(key);
  });
  return { limit, made };
}

/** Whether `key` is known: asking about one that is not makes a limit for it. */
function knows({ limit, made }: ReturnType<typeof watched>, key: unknown, nowMs: number): boolean {
  const before = made.length;
  limit.earliest(1, nowMs, key);
  return made.length === before;
}

describe('perKey', () => {
  it('counts each key apart, and work without a key as a key of its own', () => {
    const limit = perKey(() => concurrency({ limit: 1 }));
    limit.take(1, 0, 'a');
    limit.take(1, 0, undefined);
    expect(['a', 'b', undefined].map((key) => limit.earliest(1, 0, key))).toEqual([Infinity, 0, Infinity]);
    limit.release(1, 0, 5, 'succeeded', 'a');
    expect(['a', 'b', undefined].map((key) => limit.earliest(1, 5, key))).toEqual([5, 5, Infinity]);
  });

  it('gives each key the figures that are made for it, from the first question on', () => {
    const limit = perKey((key) => concurrency({ limit: key === 'small' ? 1 : 3 }));
    expect(limit.earliest(2, 0, 'small')).toBe(Infinity);
    expect(limit.earliest(2, 0, 'great')).toBe(0);
  });

  it('holds each key to the greatest cost of its own, and makes its limit once to know it', () => {
    const slots = watched((key) => concurrency({ limit: key === 'small' ? 1 : 3 }));
    expect(['small', 'great'].map((key) => slots.limit.capacityOf?.(key))).toEqual([1, 3]);
    slots.limit.take(1, 0, 'great');
    slots.limit.update?.({ limit: 2 });
    expect(['small', 'great'].map((key) => slots.limit.capacityOf?.(key))).toEqual([2, 2]);
    slots.limit.take(1, 0, 'small');
    expect(slots.made).toEqual([undefined, 'small', 'great', 'small']);
  });

  it('refuses at once what its own key could never hold, and lets a key that holds more have it', async () => {
    const limitOf = new Map([
      ['small', 1],
      ['great', 5],
    ]);
    const slots = perKey((key) => concurrency({ limit: limitOf.get(String(key)) ?? 3 }));
    const limiter = createLimiter({ limits: [slots] });
    await expect(limiter.run(() => 'done', { key: 'great', cost: 5 })).resolves.toBe('done');
    await expect(limiter.run(() => 'done', { key: 'small', cost: 2 })).rejects.toMatchObject({ cost: 2, capacity: 1 });
    expect(() => limiter.forecast(1, { key: 'small', cost: 2 })).toThrow(CostOverCapacityError);
  });

  it('keeps what a key that waits for its first start has gained', () => {
    const limit = perKey(() => tokenBucket({ capacity: 2, refill: 1, intervalMs: 10, initial: 0 }));
    expect(limit.earliest(2, 0, 'a')).toBe(20);
    expect(limit.earliest(2, 5, 'b')).toBe(25);
    expect(limit.earliest(2, 20, 'a')).toBe(20);
  });

  it('spends no date of a key twice over where the wall is set back at midnight', () => {
    const midnight = Date.UTC(2026, 10, 2);
    const limit = perKey(() => dailyQuota({ limit: 1 }));
    limit.observeWall?.(midnight - 100, 0);
    limit.take(1, 0, 'a');
    limit.release(1, 0, 0, 'succeeded', 'a');
    limit.observeWall?.(midnight, 100);
    for (const key of ['b', 'c', 'd']) limit.take(1, 100, key);
    limit.observeWall?.(midnight - 50, 150);
    expect([limit.earliest(1, 150, 'a'), limit.earliest(1, 150, 'e')]).toEqual([200, 150]);
  });

  it('gives a key that comes after a change all that the changed limit has', () => {
    const limit = perKey(() => tokenBucket({ capacity: 10, refill: 1, intervalMs: 1_000 }));
    limit.take(10, 0, 'a');
    limit.update?.({ capacity: 20 }, 0);
    expect([limit.earliest(20, 0, 'a'), limit.earliest(20, 0, 'b')]).toEqual([20_000, 0]);
  });

  it('says of nobody that he has used what a change has added', () => {
    const limit = perKey(() => tokenBucket({ capacity: 10, refill: 1, intervalMs: 1_000 }));
    limit.update?.({ capacity: 20 }, 0);
    expect([limit.usage(0), limit.usageOf?.('a', 0)]).toMatchObject([{ used: 0 }, { used: 0 }]);
    expect(limit.describe?.()).toMatchObject({ capacity: 20, missing: 0 });
  });

  it('tells of the key that has used most', () => {
    const limit = perKey(() => concurrency({ limit: 5 }));
    expect(limit.usage(0)).toMatchObject({ used: 0, capacity: 5 });
    limit.take(2, 0, 'a');
    limit.take(3, 0, 'b');
    limit.take(1, 0, 'c');
    expect(limit.usage(0)).toMatchObject({ used: 3, capacity: 5 });
    const filling = perKey(() => tokenBucket({ capacity: 10, refill: 1, intervalMs: 1_000, initial: 0 }));
    filling.earliest(1, 0, 'a');
    expect(filling.usage(4_000)).toMatchObject({ used: 6, capacity: 10 });
  });

  it('counts a key while any of its work runs, be it without cost', () => {
    const limit = perKey(() => concurrency({ limit: 1 }));
    limit.take(0, 0, 'a');
    limit.take(1, 0, 'a');
    limit.release(1, 0, 1, 'succeeded', 'a');
    limit.take(1, 1, 'a');
    limit.release(0, 0, 2, 'succeeded', 'a');
    expect(limit.earliest(1, 2, 'a')).toBe(Infinity);
  });

  it('follows the calendar for each key, those that come later too', () => {
    const midnight = Date.UTC(2026, 10, 2);
    const limit = perKey(() => dailyQuota({ limit: 1 }));
    limit.observeWall?.(midnight - 100, 0);
    limit.take(1, 0, 'a');
    expect([limit.earliest(1, 0, 'a'), limit.earliest(1, 0, 'b')]).toEqual([100, 0]);
    limit.observeWall?.(midnight, 100);
    expect([limit.earliest(1, 100, 'a'), limit.earliest(1, 100, 'b')]).toEqual([100, 100]);
    limit.take(1, 100, 'a');
    expect(limit.earliest(1, 100, 'a')).toBe(86_400_100);
  });

  it('gives a refund to its key', () => {
    const limit = perKey(() => slidingWindow({ limit: 1, intervalMs: 100, countUntil: 'start' }));
    limit.take(1, 0, 'a');
    limit.take(1, 0, 'b');
    limit.refund(1, 0, 'a');
    expect(['a', 'b'].map((key) => limit.earliest(1, 0, key))).toEqual([0, 100]);
  });

  it('settles what a key has spent, also one that nothing is known of yet, and keeps it while that counts', () => {
    const quotas = watched(() => dailyQuota({ limit: 10 }));
    quotas.limit.observeWall?.(Date.UTC(2026, 10, 2, 12), 0);
    quotas.limit.adjust?.(8, -1, 0, 'a');
    expect(['a', 'b'].map((key) => quotas.limit.earliest(3, 0, key))).toEqual([12 * 3_600_000, 0]);
    for (let key = 0; key < 1_000; key++) quotas.limit.take(1, 0, key);
    expect(knows(quotas, 'a', 0)).toBe(true);
    quotas.limit.adjust?.(-8, -1, 0, 'a');
    expect(knows(quotas, 'a', 0)).toBe(false);
  });

  it('never remembers a key for whom nothing was to settle', () => {
    const quotas = watched(() => budget({ limit: 10 }));
    quotas.limit.adjust?.(-3, 0, 0, 'a');
    expect(knows(quotas, 'a', 0)).toBe(false);
  });

  it('says what a key has left of its budget', () => {
    const limit = perKey(() => budget({ limit: 10 }));
    limit.take(8, 0, 'a');
    limit.take(1, 0, 'b');
    expect(['a', 'b', 'c'].map((key) => limit.left?.(key))).toEqual([2, 9, 10]);
  });

  it('tells the limit of its key that work was refused in its place, and that it has its slot', () => {
    const limit = perKey(() => adaptiveConcurrency({ max: 9, initial: 4 }));
    for (const key of ['a', 'b']) for (let nowMs = 0; nowMs < 4; nowMs++) limit.take(1, nowMs, key);
    limit.refused?.(1, 3, 5, 'a');
    limit.refused?.(1, 3, 5, 'nobody');
    expect(['a', 'b'].map((key) => limit.earliest(1, 20_000, key))).toEqual([Infinity, 30_000]);
    limit.granted?.(1, 3, 30_000, 'a');
    limit.granted?.(1, 3, 30_000, 'nobody');
    expect(limit.earliest(1, 30_000, 'a')).toBeLessThan(Infinity);
  });

  it('knows of whom work runs, and how much', () => {
    const limit = perKey(() => slidingWindow({ limit: 3, intervalMs: 1_000 }));
    for (const key of ['a', 'b', 'a', undefined]) limit.take(1, 0, key);
    limit.release(1, 0, 5, 'succeeded', 'b');
    expect([...(limit.running?.() ?? [])]).toEqual(['a', 'a', undefined]);
    expect(['a', 'b', 'c', undefined].map((key) => limit.runs?.(key))).toEqual([true, false, false, true]);
  });

  it('says of each key what is made for it, and changes it alike', () => {
    const limit = perKey((key) => concurrency({ limit: key === 'small' ? 1 : 3 }));
    const figures = () => [undefined, 'small', 'great'].map((key) => limit.describe?.(key));
    expect(figures()).toEqual([3, 1, 3].map((each) => ({ type: 'concurrency', limit: each })));
    limit.update?.({ limit: 2 });
    expect(figures()).toEqual([2, 2, 2].map((each) => ({ type: 'concurrency', limit: each })));
    expect([limit.earliest(2, 0, 'small'), limit.earliest(3, 0, 'great')]).toEqual([0, Infinity]);
    const copy = copyOf(limit);
    expect([copy.earliest(2, 0, 'later'), copy.earliest(3, 0, 'later')]).toEqual([0, Infinity]);
  });

  it('can do only what the limits of its keys can', () => {
    const slots = perKey(() => concurrency({ limit: 1 }));
    const learning = perKey(() => adaptiveConcurrency({ max: 1 }));
    const quota = perKey(() => dailyQuota({ limit: 1 }));
    const can = (limit: Limit): boolean[] =>
      (['adjust', 'refused', 'granted', 'left'] as const).map((method) => limit[method] !== undefined);
    expect(can(slots)).toEqual([false, false, false, false]);
    expect(can(learning)).toEqual([false, true, true, false]);
    expect(can(quota)).toEqual([true, false, false, false]);
    expect(can(perKey(() => budget({ limit: 1 })))).toEqual([true, false, false, true]);
  });

  it('refuses what makes no limit', () => {
    expect(() => createLimiter({ limits: [perKey(concurrency({ limit: 1 }) as never)] })).toThrow('perKey');
  });
});

describe('the memory of perKey', () => {
  it('has forgotten a key of slots as the last of its work ends', () => {
    const slots = watched(() => concurrency({ limit: 3 }));
    slots.limit.take(1, 0, 'a');
    slots.limit.take(1, 0, 'a');
    slots.limit.release(1, 0, 1, 'succeeded', 'a');
    expect(knows(slots, 'a', 1)).toBe(true);
    slots.limit.release(1, 0, 1, 'failed', 'a');
    expect(knows(slots, 'a', 1)).toBe(false);
  });

  /** Work that has ended as it began: only the window counts it still. */
  const start = (limit: Limit, nowMs: number, key: unknown): void => {
    limit.take(1, nowMs, key);
    limit.release(1, nowMs, nowMs, 'succeeded', key);
  };

  it.each<{ countUntil: 'end' | 'start' }>([{ countUntil: 'end' }, { countUntil: 'start' }])(
    'has forgotten the keys of a window (to the $countUntil) once as many others have come',
    ({ countUntil }) => {
      const window = watched(() => slidingWindow({ limit: 3, intervalMs: 100, countUntil }));
      for (let key = 0; key < 1_000; key++) start(window.limit, 0, key);
      expect(knows(window, 0, 99)).toBe(true);
      for (let key = 0; key < 1_000; key++) start(window.limit, 100, `later ${key}`);
      expect([0, 1, 500, 999].map((key) => knows(window, key, 100))).toEqual([false, false, false, false]);
      expect(knows(window, 'later 0', 199)).toBe(true);
    },
  );

  it('keeps what a key has learnt until it has been idle for long, however long its last work has run', () => {
    const learning = watched(() => adaptiveConcurrency({ max: 3, initial: 3, maxProbeAfterMs: 60_000 }));
    const { limit } = learning;
    limit.take(1, 0, 'a');
    limit.release(1, 0, 5, 'no-slot', 'a');
    expect(limit.earliest(1, 5, 'a')).toBe(10_005);
    expect(limit.earliest(1, 10_005, 'a')).toBe(10_005);
    limit.take(1, 10_005, 'a');
    limit.release(1, 10_005, 300_000, 'succeeded', 'a');
    for (const nowMs of [359_999, 360_000]) {
      for (let count = 0; count < 3; count++) limit.take(1, nowMs, 'b');
      expect(knows(learning, 'a', nowMs)).toBe(nowMs < 360_000);
    }
  });

  it('never forgets what still counts', () => {
    const window = watched(() => slidingWindow({ limit: 1, intervalMs: 100 }));
    start(window.limit, 0, 'a');
    for (let key = 0; key < 1_000; key++) start(window.limit, 99, key);
    expect(window.limit.earliest(1, 99, 'a')).toBe(100);
  });

  it('never forgets work that runs on, though nothing of it counts any more', () => {
    const window = watched(() => slidingWindow({ limit: 1, intervalMs: 100, countUntil: 'start' }));
    window.limit.take(1, 0, 'a');
    for (let key = 0; key < 1_000; key++) start(window.limit, 200, key);
    expect(knows(window, 'a', 200)).toBe(true);
  });

  it('has forgotten a key whose work was refunded, and goes round all of them', () => {
    const slots = watched(() => concurrency({ limit: 3 }));
    slots.limit.take(1, 0, 'runs');
    slots.limit.take(1, 0, 'refunded');
    slots.limit.refund(1, 0, 'refunded');
    expect(knows(slots, 'refunded', 0)).toBe(true);
    for (let count = 0; count < 4; count++) slots.limit.take(1, 0, 'runs');
    expect(knows(slots, 'refunded', 0)).toBe(false);
  });

  it('is not told of the end of what it does not know', () => {
    const slots = watched(() => concurrency({ limit: 3 }));
    slots.limit.release(1, 0, 0, 'succeeded', 'a');
    slots.limit.refund(1, 0, 'b');
    expect([knows(slots, 'a', 0), knows(slots, 'b', 0)]).toEqual([false, false]);
  });
});
