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
