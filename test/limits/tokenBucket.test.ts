import { describe, expect, it } from 'vitest';
import { tokenBucket, type TokenBucketOptions } from '../../src/limits/tokenBucket.js';
import { limitContract } from './limitContract.js';

// Powers of two, so that what is left of a token is told without rounding.
limitContract('tokenBucket', () => tokenBucket({ capacity: 6, refill: 1, intervalMs: 64 }));
limitContract('tokenBucket of one', () => tokenBucket({ capacity: 1, refill: 2, intervalMs: 256 }));

const options = { capacity: 10, refill: 5, intervalMs: 1_000 };

describe('tokenBucket', () => {
  it('lets a burst of its capacity pass, then one as each token comes in', () => {
    const bucket = tokenBucket(options);
    bucket.take(10, 500);
    expect([1, 2, 10].map((cost) => bucket.earliest(cost, 500))).toEqual([700, 900, 2_500]);
    expect(bucket.earliest(1, 699)).toBe(700);
    expect(bucket.earliest(1, 700)).toBe(700);
  });

  it('lets up to 2N - 1 into the time in which N come in: it is no window', () => {
    const bucket = tokenBucket({ capacity: 5, refill: 5, intervalMs: 1_000 });
    let passed = 0;
    for (let nowMs = 3_000; nowMs < 4_000; nowMs++) {
      for (; bucket.earliest(1, nowMs) <= nowMs; passed++) bucket.take(1, nowMs);
    }
    expect(passed).toBe(9);
  });

  it('never holds more than its capacity, however long it is left alone', () => {
    const bucket = tokenBucket(options);
    bucket.take(4, 0);
    expect(bucket.earliest(11, 1e9)).toBe(Infinity);
    bucket.take(10, 1e9);
    expect(bucket.earliest(1, 1e9)).toBe(1e9 + 200);
  });

  it('begins with what it is given, from the first question on', () => {
    const bucket = tokenBucket({ ...options, initial: 1 });
    expect(bucket.earliest(2, 7_000)).toBe(7_200);
    expect(bucket.usage(7_100)).toEqual({ used: 8.5, capacity: 10, resetsAtMs: 8_800 });
    const empty = tokenBucket({ ...options, initial: 0 });
    expect(empty.usage(50)).toEqual({ used: 10, capacity: 10, resetsAtMs: 2_050 });
    expect(empty.earliest(1, 50)).toBe(250);
  });

  it('keeps spent what is spent when the work ends', () => {
    const bucket = tokenBucket(options);
    bucket.take(10, 0);
    bucket.release(10, 0, 0, 'failed');
    expect(bucket.earliest(1, 0)).toBe(200);
  });

  it('gives back what was spent last', () => {
    const bucket = tokenBucket(options);
    bucket.take(4, 0);
    bucket.take(6, 200);
    expect(bucket.usage(200).used).toBe(9);
    bucket.refund(6, 200);
    expect(bucket.usage(200).used).toBe(3);
  });

  it('gives nothing back from before the last, which could let more through than ever came in', () => {
    // Without the first 5 it would have been full at 1000, and what came in until then lost.
    const bucket = tokenBucket(options);
    bucket.take(5, 0);
    bucket.take(10, 1_000);
    bucket.refund(5, 0);
    expect(bucket.earliest(1, 1_000)).toBe(1_200);
  });

  it('is not moved by a cost of nothing: what was spent last can still be given back', () => {
    const bucket = tokenBucket(options);
    bucket.take(10, 0);
    bucket.take(0, 100);
    bucket.refund(10, 0);
    expect(bucket.usage(100)).toEqual({ used: 0, capacity: 10, resetsAtMs: 100 });
  });

  it('counts thirds exactly', () => {
    const bucket = tokenBucket({ capacity: 30_000, refill: 3, intervalMs: 1_000 });
    for (let taken = 0; taken < 30_000; taken++) bucket.take(1, 0);
    expect([3, 6, 29_997, 30_000].map((cost) => bucket.earliest(cost, 0))).toEqual([
      1_000, 2_000, 9_999_000, 10_000_000,
    ]);
  });

  it('fills at the new rate from the change on, and keeps what it holds', () => {
    const bucket = tokenBucket(options);
    bucket.take(10, 0);
    bucket.usage(400);
    bucket.update?.({ refill: 20 });
    expect([2, 3, 10].map((cost) => bucket.earliest(cost, 400))).toEqual([400, 450, 800]);
    bucket.update?.({ intervalMs: 4_000 });
    expect([2, 3].map((cost) => bucket.earliest(cost, 400))).toEqual([400, 600]);
  });

  it('holds no more for having been full when it is made larger, and what there is room for when smaller', () => {
    const bucket = tokenBucket(options);
    bucket.take(3, 0);
    bucket.usage(60_000);
    bucket.update?.({ capacity: 20 });
    expect(bucket.capacity).toBe(20);
    expect(bucket.usage(60_000)).toEqual({ used: 10, capacity: 20, resetsAtMs: 62_000 });
    bucket.take(8, 60_000);
    bucket.update?.({ capacity: 5 });
    expect([bucket.earliest(2, 60_000), bucket.earliest(3, 60_000)]).toEqual([60_000, 60_200]);
    bucket.usage(64_000);
    bucket.update?.({ capacity: 1 });
    expect(bucket.usage(64_000).used).toBe(0);
    bucket.take(1, 64_000);
    expect(bucket.earliest(1, 64_000)).toBe(64_200);
  });

  it('does not move by the last bit when nothing changes', () => {
    for (let stampMs = 0.1; stampMs < 100; stampMs += 0.7) {
      const bucket = tokenBucket({ capacity: 3, refill: 0.7, intervalMs: 333.3 });
      bucket.take(3, stampMs);
      const atMs = bucket.earliest(1, stampMs + 400.3);
      bucket.update?.({ capacity: 3 });
      expect(bucket.earliest(1, stampMs + 400.3)).toBe(atMs);
    }
  });

  it('does not begin to fill as somebody looks', () => {
    const bucket = tokenBucket({ ...options, initial: 0 });
    expect(bucket.usage(1_000)).toEqual({ used: 10, capacity: 10, resetsAtMs: 3_000 });
    expect(bucket.earliest(1, 3_000)).toBe(3_200);
  });

  it('begins to fill as something is taken that nobody has asked for', () => {
    const bucket = tokenBucket({ ...options, initial: 5 });
    bucket.take(5, 1_000);
    expect(bucket.earliest(1, 1_200)).toBe(1_200);
  });

  it('can be changed before it is first asked', () => {
    const bucket = tokenBucket({ ...options, initial: 0 });
    bucket.update?.({ refill: 10 });
    expect(bucket.earliest(1, 3_000)).toBe(3_100);
  });

  it('holds what it began with where it is made larger before it is first asked, and is full where it was', () => {
    const half = tokenBucket({ ...options, initial: 5 });
    const full = tokenBucket(options);
    for (const bucket of [half, full]) bucket.update?.({ capacity: 20 });
    expect([half.earliest(5, 0), half.earliest(6, 0), full.earliest(20, 0)]).toEqual([0, 200, 0]);
  });

  it.each([{ refill: 0 }, { capacity: 0 }, { intervalMs: -1 }, { name: 'other' }])(
    'refuses the change %o',
    (change) => {
      expect(() => tokenBucket(options).update?.(change)).toThrow(
        expect.objectContaining({
          code: 'SLUICE_BAD_OPTIONS',
          path: Object.keys(change).at(0) === 'name' ? '' : Object.keys(change).at(0),
        }),
      );
    },
  );

  it('has copies that know what it knows, and go their own ways', () => {
    const bucket = tokenBucket(options);
    bucket.take(10, 100);
    bucket.usage(500);
    const copy = bucket.copy?.() ?? bucket;
    expect(copy.usage(500)).toEqual({ used: 8, capacity: 10, resetsAtMs: 2_100 });
    copy.take(2, 500);
    expect([copy.earliest(1, 500), bucket.earliest(2, 500)]).toEqual([700, 500]);
    const refunded = bucket.copy?.() ?? bucket;
    refunded.refund(10, 100);
    expect([refunded.usage(500).used, bucket.usage(500).used]).toEqual([0, 8]);
    const changed = bucket.copy?.() ?? bucket;
    changed.update?.({ refill: 10 });
    expect([changed.earliest(3, 500), bucket.earliest(3, 500)]).toEqual([600, 700]);
  });

  it('does not hang on an instant that is none', () => {
    const bucket = tokenBucket(options);
    bucket.take(10, 0);
    expect(bucket.earliest(1, NaN)).toBe(200);
    expect(tokenBucket({ ...options, initial: 0 }).earliest(1, NaN)).toBeNaN();
  });

  it.each([{ intervalMs: Number.MAX_VALUE }, { refill: 1e-290 }])(
    'does not hang where next to nothing comes in: %o',
    (slow) => {
      const bucket = tokenBucket({ ...options, ...slow });
      bucket.take(10, 0);
      expect(bucket.earliest(1, 0)).toBeGreaterThan(1e285);
      expect(bucket.usage(0)).toMatchObject({ used: 10, capacity: 10 });
    },
  );

  it('is named after its figures, or as it is told', () => {
    expect(tokenBucket(options).name).toBe('5 per 1000 ms, bucket of 10');
    expect(tokenBucket({ ...options, name: 'tokens' }).name).toBe('tokens');
  });

  it.each<[Partial<Record<keyof TokenBucketOptions, unknown>>, string]>([
    [{ capacity: 0 }, 'capacity'],
    [{ capacity: 1.5 }, 'capacity'],
    [{ refill: 0 }, 'refill'],
    [{ refill: Infinity }, 'refill'],
    [{ intervalMs: 0 }, 'intervalMs'],
    [{ initial: -1 }, 'initial'],
    [{ initial: 10.5 }, 'initial'],
    [{ name: '' }, 'name'],
  ])('refuses %o', (wrong, path) => {
    const all = { ...options, ...wrong } as TokenBucketOptions;
    expect(() => tokenBucket(all)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
  });
});
