import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { evenly } from '../../src/limits/evenly.js';
import type { Limit, Outcome } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';
import { runs } from '../runs.js';

const few = fc.integer({ min: 1, max: 4 });
const window = fc.record({
  limit: few,
  intervalMs: fc.constantFrom(30, 100),
  countUntil: fc.constantFrom('end' as const, 'start' as const),
});
const kinds: Readonly<Record<string, fc.Arbitrary<() => Limit>>> = {
  slidingWindow: window.map((it) => () => slidingWindow(it)),
  evenly: window.map((it) => () => evenly(it)),
  tokenBucket: fc
    .record({ refill: few, intervalMs: fc.constantFrom(30, 100), initial: fc.nat(4) })
    .map((it) => () => tokenBucket({ capacity: 4, ...it })),
  concurrency: few.map((most) => () => concurrency({ limit: most })),
  // Gaps are shorter than what it has learnt is kept for.
  adaptiveConcurrency: few.map((initial) => () => adaptiveConcurrency({ max: 4, initial, probeAfterMs: 60 })),
  dailyQuota: few.map((most) => () => dailyQuota({ limit: most })),
  budget: few.map((most) => () => budget({ limit: most })),
};

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  gapMs: fc.oneof(fc.nat(12), fc.nat(120), fc.constant(43_200_000)),
  does: fc.constantFrom('start', 'start', 'start', 'release', 'release', 'refund', 'refused', 'granted', 'adjust'),
  /** Which of the work that its key holds. */
  which: fc.nat(9),
  units: fc.nat(4),
  outcome: fc.constantFrom<Outcome[]>('succeeded', 'no-slot'),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Held {
  readonly cost: number;
  readonly takenAtMs: number;
}

/** Work of a key that is held goes on to its end, or on its way there. */
function goOn(limit: Limit, { key, does, outcome }: Step, { cost, takenAtMs }: Held, nowMs: number): void {
  if (does === 'release') limit.release(cost, takenAtMs, nowMs, outcome, key);
  if (does === 'refund') limit.refund(cost, takenAtMs, key);
  if (does === 'refused') limit.refused?.(cost, takenAtMs, nowMs, key);
  if (does === 'granted') limit.granted?.(cost, takenAtMs, nowMs, key);
}

describe('perKey, by law', () => {
  it.each(Object.entries(kinds))('should always answer as limits that are never forgotten: %s', (name, made) => {
    const law = fc.property(made, fc.array(step, { maxLength: 60, size: 'max' }), (make, steps) => {
      const keyed = perKey(make);
      const alone = new Map<string, { readonly limit: Limit; readonly held: Held[] }>();
      let nowMs = 0;
      for (const one of steps) {
        const { key, gapMs, does, which, units } = one;
        nowMs += name === 'adaptiveConcurrency' ? gapMs % 1_000 : gapMs;
        const { limit, held } = alone.get(key) ?? { limit: make(), held: [] };
        alone.set(key, { limit, held });
        const both = [keyed, limit];
        for (const each of both) each.observeWall?.(1.8e12 + nowMs, nowMs);
        const [atMs, aloneAtMs] = both.map((each) => each.earliest(units, nowMs, key));
        expect(atMs).toBe(aloneAtMs);
        const work = held[which % Math.max(1, held.length)];
        if (does === 'adjust') for (const each of both) each.adjust?.(units - 2, nowMs, nowMs, key);
        else if (does === 'start' && atMs! <= nowMs) {
          for (const each of both) each.take(units, nowMs, key);
          held.push({ cost: units, takenAtMs: nowMs });
        } else if (work !== undefined) {
          for (const each of both) goOn(each, one, work, nowMs);
          if (does === 'release' || does === 'refund') held.splice(held.indexOf(work), 1);
        }
      }
    });
    fc.assert(law, runs(300));
  });
});
