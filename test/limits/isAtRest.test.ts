import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';

describe('a limit at rest: a new one would decide as it does', () => {
  it('is a bucket that is full again', () => {
    const bucket = tokenBucket({ capacity: 10, refill: 5, intervalMs: 1_000 });
    bucket.take(1, 0);
    expect([bucket.isAtRest?.(199), bucket.isAtRest?.(200)]).toEqual([false, true]);
  });

  it('is never a bucket that began with less than it holds', () => {
    const bucket = tokenBucket({ capacity: 10, refill: 5, intervalMs: 1_000, initial: 9 });
    bucket.earliest(1, 0);
    expect(bucket.isAtRest?.(60_000)).toBe(false);
  });

  it('is a limit that has learnt nothing, once none of its work runs', () => {
    const limit = adaptiveConcurrency({ max: 5 });
    limit.take(1, 0);
    expect(limit.isAtRest?.(3_600_000)).toBe(false);
    limit.release(1, 0, 5, 'succeeded');
    expect(limit.isAtRest?.(5)).toBe(true);
  });

  it('is a limit that was told something, after the longest time between two probes', () => {
    const limit = adaptiveConcurrency({ max: 5, maxProbeAfterMs: 60_000 });
    limit.update?.({ initial: 3 }, 1_000);
    expect([limit.isAtRest?.(60_999), limit.isAtRest?.(61_000)]).toEqual([false, true]);
  });
});
