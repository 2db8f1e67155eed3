import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import type { Limit } from '../../src/limits/limit.js';
import { runs } from '../runs.js';
import { rendersOf, runSlotServer } from './slotServer.js';

const hourMs = 3_600_000;
const max = 12;

interface Held {
  readonly cost: number;
  readonly takenAtMs: number;
  /** Refused in its place. */
  isWaiting: boolean;
}

describe('adaptiveConcurrency, told of work that is refused in its place, by law', () => {
  /** Takes what passes, a millisecond apart, so that each is known by its instant; then refuses some in their places. */
  function refusing(
    limit: Limit,
    costs: readonly number[],
    refusals: readonly number[],
  ): { held: Held[]; nowMs: number } {
    const held: Held[] = [];
    let nowMs = 0;
    for (const cost of costs) {
      if (limit.earliest(cost, ++nowMs) > nowMs) continue;
      limit.take(cost, nowMs);
      held.push({ cost, takenAtMs: nowMs, isWaiting: false });
    }
    for (const which of refusals) {
      const work = held[which % Math.max(1, held.length)];
      if (work === undefined) break;
      work.isWaiting = true;
      limit.refused?.(work.cost, work.takenAtMs, ++nowMs);
    }
    return { held, nowMs };
  }

  const costs = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 10 });
  const refusals = fc.array(fc.nat(), { maxLength: 10 });
  const make = (): Limit => adaptiveConcurrency({ max, initial: max });

  it('should always fall for work refused in its place as for work that gives it back, but keep its cost in flight', () => {
    fc.assert(
      fc.property(costs, refusals, fc.nat(), (all, before, last) => {
        const limits = [make(), make()] as const;
        const [{ held, nowMs }] = [refusing(limits[0], all, before), refusing(limits[1], all, before)];
        const work = held[last % held.length];
        if (work === undefined) return;
        const { used } = limits[0].usage(nowMs);
        limits[0].refused?.(work.cost, work.takenAtMs, nowMs + 1);
        limits[1].release(work.cost, work.takenAtMs, nowMs + 1, 'no-slot');
        expect(limits[0].usage(nowMs + 1)).toMatchObject({ used, capacity: limits[1].usage(nowMs + 1).capacity });
        expect(limits[1].usage(nowMs + 1).used).toBe(used - work.cost);
      }),
      runs(1_000),
    );
  });

  it('should never count as fitting what was refused, however often it is, nor fall for it again', () => {
    fc.assert(
      fc.property(costs, refusals, (all, before) => {
        const limit = make();
        const { held, nowMs } = refusing(limit, all, before);
        const waiting = held.filter(({ isWaiting }) => isWaiting);
        const fits = held.filter(({ isWaiting }) => !isWaiting).reduce((sum, { cost }) => sum + cost, 0);
        if (waiting.length > 0) expect(limit.usage(nowMs).capacity).toBeLessThanOrEqual(Math.max(1, fits));
        const usage = limit.usage(nowMs);
        for (const { cost, takenAtMs } of waiting) limit.refused?.(cost, takenAtMs, nowMs + 1);
        expect(limit.usage(nowMs + 1)).toEqual(usage);
      }),
      runs(1_000),
    );
  });
});

describe('adaptiveConcurrency, where what is refused keeps its place', () => {
  const seed = fc.nat();
  const slots = fc.integer({ min: 1, max: 10 });

  it.each([true, 'silently'] as const)(
    'should never rise while what was refused waits in its place, and find how many there are all the same (told: %s)',
    (keepsPlace) => {
      fc.assert(
        fc.property(seed, slots, fc.constantFrom(2_000, 10_000, 30_000), (seedValue, count, backoffMs) => {
          const limit = adaptiveConcurrency({ max });
          let before = 0;
          let wasWaiting = false;
          const books = runSlotServer({
            ...rendersOf(seedValue),
            limits: [limit],
            slotsAt: () => count,
            untilMs: 3 * hourMs,
            keepsPlace,
            backoffMs: () => backoffMs,
            observe: (nowMs, _running, [waiting = 0]) => {
              const { capacity } = limit.usage(nowMs);
              if (wasWaiting && waiting > 0) expect(capacity).toBeLessThanOrEqual(before);
              before = capacity;
              wasWaiting = waiting > 0;
              expect(waiting).toBeLessThanOrEqual(1);
              expect(capacity).toBeLessThanOrEqual(count + 1);
            },
          });
          // One that is not told of a slot before the release knows of it a render later.
          expect(books.utilisation).toBeGreaterThan(keepsPlace === true ? 0.8 : 0.7);
        }),
        runs(50),
      );
    },
  );

  it.each([3, 4, 5, 6, 8, 10])('shares %d slots with another that came first and had them all', (count) => {
    for (let seedValue = 1; seedValue <= 10; seedValue++) {
      const { shares } = runSlotServer({
        ...rendersOf(seedValue),
        limits: [adaptiveConcurrency({ max, initial: count }), adaptiveConcurrency({ max })],
        slotsAt: () => count,
        untilMs: 8 * hourMs,
        keepsPlace: seedValue % 2 === 0 ? true : 'silently',
        backoffMs: () => 10_000,
      });
      expect(Math.min(...shares)).toBeGreaterThan(count / 5);
    }
  });
});
