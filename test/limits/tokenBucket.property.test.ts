import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenBucket, type TokenBucketOptions } from '../../src/limits/tokenBucket.js';
import { runs } from '../runs.js';
import { before, exact, one } from './exact.js';

interface Take {
  readonly atMs: number;
  readonly cost: number;
}

/**
 * The law itself, in whole numbers: with `cost` at `atMs`, no span that ends there and begins at an earlier take holds
 * more than `capacity + refill * span / intervalMs`.
 */
function keepsTheLaw(bucket: TokenBucketOptions, takes: readonly Take[], cost: number, atMs: number): boolean {
  const intervalMs = exact(bucket.intervalMs);
  const refill = exact(bucket.refill);
  const end = exact(atMs);
  let sum = BigInt(cost) - BigInt(bucket.capacity);
  if (sum > 0n) return false;
  for (const take of takes.toReversed()) {
    sum += BigInt(take.cost);
    if (sum * intervalMs * one > refill * (end - exact(take.atMs))) return false;
  }
  return true;
}

const rough = (max: number): fc.Arbitrary<number> => fc.double({ min: 1e-3, max, noNaN: true });
const bucket = fc.record({
  capacity: fc.integer({ min: 1, max: 12 }),
  refill: fc.oneof(fc.integer({ min: 1, max: 12 }), rough(50)),
  intervalMs: fc.oneof(fc.integer({ min: 1, max: 5_000 }), rough(5_000)),
});
/** Up to thirty years after the clock's origin. */
const originMs = fc.oneof(fc.constantFrom(0, 1e-9, 1), rough(1e6), fc.double({ min: 0, max: 1e12, noNaN: true }));
const steps = fc.array(
  fc.record({
    gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 3_000 }), rough(3_000)),
    cost: fc.integer({ min: 1, max: 12 }),
    waits: fc.boolean(),
  }),
  { maxLength: 30 },
);

describe('tokenBucket, by law', () => {
  it('should always let pass exactly what keeps every span within the law, and promise the first instant that does', () => {
    fc.assert(
      fc.property(bucket, originMs, steps, (options, fromMs, all) => {
        const limit = tokenBucket(options);
        const takes: Take[] = [];
        let nowMs = fromMs;
        for (const { gapMs, cost, waits } of all) {
          if (cost > options.capacity) continue;
          nowMs += gapMs;
          const atMs = limit.earliest(cost, nowMs);
          expect(atMs <= nowMs).toBe(keepsTheLaw(options, takes, cost, nowMs));
          if (atMs > nowMs) {
            expect(keepsTheLaw(options, takes, cost, atMs)).toBe(true);
            expect(keepsTheLaw(options, takes, cost, before(atMs))).toBe(false);
            expect(limit.earliest(cost, before(atMs))).toBe(atMs);
            if (!waits) continue;
            nowMs = atMs;
            expect(limit.earliest(cost, nowMs)).toBe(nowMs);
          }
          limit.take(cost, nowMs);
          takes.push({ atMs: nowMs, cost });
        }
      }),
      runs(2_000),
    );
  });

  it('should never let more through for refunds than the law allows, whatever is given back and when', () => {
    const giving = fc.array(
      fc.record({ gapMs: fc.nat(900), cost: fc.integer({ min: 1, max: 6 }), refunds: fc.nat(3) }),
    );
    fc.assert(
      fc.property(giving, (all) => {
        const options = { capacity: 6, refill: 2, intervalMs: 256 };
        const limit = tokenBucket(options);
        let kept: readonly Take[] = [];
        let nowMs = 0;
        for (const { gapMs, cost, refunds } of all) {
          nowMs += gapMs;
          const given = kept.at(-refunds);
          if (refunds > 0 && given !== undefined) {
            limit.refund(given.cost, given.atMs);
            kept = kept.filter((take) => take !== given);
          }
          if (limit.earliest(cost, nowMs) > nowMs) continue;
          expect(keepsTheLaw(options, kept, cost, nowMs)).toBe(true);
          limit.take(cost, nowMs);
          kept = [...kept, { atMs: nowMs, cost }];
        }
      }),
    );
  });

  it('should never drift: thirty years of never being full spend all that came in, to the token', () => {
    const limit = tokenBucket({ capacity: 2_000_000, refill: 7, intervalMs: 333.3 });
    const dayMs = 86_400_000.1;
    let spent = 0;
    let nowMs = 0.1;
    const cameInBy = (atMs: number): bigint => (7n * (exact(atMs) - exact(0.1))) / exact(333.3);
    limit.take(2_000_000, nowMs);
    for (let day = 0; day < 30 * 365; day++) {
      nowMs += dayMs;
      const cost = Number(cameInBy(nowMs)) - spent;
      expect(limit.earliest(cost, nowMs)).toBe(nowMs);
      expect(limit.earliest(cost + 1, nowMs)).toBeGreaterThan(nowMs);
      limit.take(cost, nowMs);
      spent += cost;
    }
    expect(spent).toBeGreaterThan(1e10);
  });

  it('should never drift: three million single takes', () => {
    const limit = tokenBucket({ capacity: 31, refill: 3, intervalMs: 1 });
    let passed = 0;
    for (let nowMs = 0; nowMs <= 1_000_000; nowMs += 10) {
      for (; limit.earliest(1, nowMs) <= nowMs; passed++) limit.take(1, nowMs);
    }
    expect(passed).toBe(31 + 3_000_000);
  });
});
