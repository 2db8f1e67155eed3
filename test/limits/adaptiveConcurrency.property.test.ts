import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { concurrency } from '../../src/limits/concurrency.js';
import type { Limit } from '../../src/limits/limit.js';
import { runs } from '../runs.js';
import { rendersOf, runSlotServer, type SlotServerBooks } from './slotServer.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const probeAfterMs = 10_000;
const max = 12;

describe('adaptiveConcurrency, by law', () => {
  const gapMs = fc.oneof(fc.nat(3_000), fc.constantFrom(0, probeAfterMs - 1, probeAfterMs, 130_000));
  const steps = fc.array(
    fc.record({
      gapMs,
      cost: fc.integer({ min: 1, max: 3 }),
      ends: fc.constantFrom('none', 'none', 'none', 'succeeded', 'no-slot', 'refund', 'refused', 'granted'),
      which: fc.nat(),
    }),
    { maxLength: 100 },
  );

  interface Held {
    readonly cost: number;
    readonly takenAtMs: number;
    /** Refused in its place. */
    isWaiting: boolean;
  }

  it('should only ever rise after quiet, while work is held back, by one piece of it; and only ever fall by a refusal', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 4 }), fc.constantFrom(0.3, 0.75, 1), (all, min, decrease) => {
        const limit = adaptiveConcurrency({ max, min, decrease });
        const held: Held[] = [];
        const waiting = (): number => held.reduce((sum, { cost, isWaiting }) => sum + (isWaiting ? cost : 0), 0);
        const inFlight = (): number => held.reduce((sum, { cost }) => sum + cost, 0);
        let nowMs = 0;
        let changedAtMs = -Infinity;
        let refused = { fits: Infinity, atMs: -Infinity };
        for (const { gapMs: stepMs, cost, ends, which } of all) {
          nowMs += stepMs;
          let limitBefore = limit.usage(nowMs).capacity;
          const ended = ends === 'none' ? undefined : held[which % Math.max(1, held.length)];
          if (ended !== undefined) {
            if (ends === 'refused') {
              ended.isWaiting = true;
              limit.refused?.(ended.cost, ended.takenAtMs, nowMs);
            } else if (ends === 'granted') {
              if (ended.isWaiting) limit.granted?.(ended.cost, ended.takenAtMs, nowMs);
              ended.isWaiting = false;
            } else {
              held.splice(held.indexOf(ended), 1);
              if (ends === 'refund') limit.refund(ended.cost, ended.takenAtMs);
              else limit.release(ended.cost, ended.takenAtMs, nowMs, ends === 'no-slot' ? 'no-slot' : 'succeeded');
            }
            const limitAfter = limit.usage(nowMs).capacity;
            if (ends === 'no-slot' || ends === 'refused') {
              expect(limitAfter).toBeLessThanOrEqual(limitBefore);
              refused = { fits: inFlight() - waiting(), atMs: nowMs };
              changedAtMs = nowMs;
            } else expect(limitAfter).toBe(limitBefore);
            limitBefore = limitAfter;
          }
          const isHeldBack = inFlight() + cost > limitBefore;
          const passes = limit.earliest(cost, nowMs) <= nowMs;
          const limitAfter = limit.usage(nowMs).capacity;
          expect(limitAfter).toBeGreaterThanOrEqual(min);
          expect(limitAfter).toBeLessThanOrEqual(max);
          if (limitAfter !== limitBefore) {
            expect(isHeldBack).toBe(true);
            expect(waiting()).toBe(0);
            expect(limitAfter - limitBefore).toBeLessThanOrEqual(cost);
            expect(limitAfter).toBeGreaterThan(limitBefore);
            expect(nowMs - changedAtMs).toBeGreaterThanOrEqual(probeAfterMs);
            changedAtMs = nowMs;
          }
          if (!passes) continue;
          expect(inFlight() + cost).toBeLessThanOrEqual(limitAfter);
          // What was refused is not tried again before it has been quiet.
          if (inFlight() + cost > refused.fits) expect(nowMs - refused.atMs).toBeGreaterThanOrEqual(probeAfterMs);
          limit.take(cost, nowMs);
          held.push({ cost, takenAtMs: nowMs, isWaiting: false });
        }
      }),
      runs(1_000),
    );
  });
});

describe('adaptiveConcurrency, against slots that nobody tells it of', () => {
  const seed = fc.nat();
  const slots = fc.integer({ min: 1, max: 10 });

  it('should always find how many there are, and then stay within a quarter below and one probe above', () => {
    fc.assert(
      fc.property(seed, slots, (seedValue, count) => {
        const limit = adaptiveConcurrency({ max });
        let least = Infinity;
        let greatest = 0;
        const books = runSlotServer({
          ...rendersOf(seedValue),
          limits: [limit],
          slotsAt: () => count,
          untilMs: 3 * hourMs,
          observe: (nowMs) => {
            if (nowMs < count * 2 * probeAfterMs) return;
            const { capacity } = limit.usage(nowMs);
            least = Math.min(least, capacity);
            greatest = Math.max(greatest, capacity);
          },
        });
        expect(least).toBeGreaterThanOrEqual(Math.max(1, Math.floor(count * 0.75)));
        expect(greatest).toBeLessThanOrEqual(count + 1);
        // The waits for the first four probes are shorter; then it is one every two minutes.
        expect(books.refused).toBeLessThanOrEqual(4 + (3 * hourMs) / (2 * minuteMs));
        expect(books.utilisation).toBeGreaterThan(0.93);
      }),
    );
  });

  it('should always follow them as others take and leave them, with a fraction of the refusals of a fixed backoff', () => {
    const changes = fc.array(slots, { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(seed, changes, (seedValue, counts) => {
        const slotsAt = (nowMs: number): number => counts[Math.floor(nowMs / (15 * minuteMs))] ?? 1;
        const run = (limit: Limit, backoffMs?: (refusalsInARow: number) => number): SlotServerBooks =>
          runSlotServer({
            ...rendersOf(seedValue),
            limits: [limit],
            slotsAt,
            untilMs: 6 * hourMs,
            ...(backoffMs && { backoffMs }),
          });
        const books = run(adaptiveConcurrency({ max }));
        const fixed = run(concurrency({ limit: max }), () => 10_000);
        const doubling = run(concurrency({ limit: max }), (inARow) => Math.min(minuteMs, 1_000 * 2 ** inARow));
        expect(books.utilisation).toBeGreaterThan(0.85);
        expect(books.refused).toBeLessThan(fixed.refused / 10);
        expect(books.refused).toBeLessThan(doubling.refused / 4);
      }),
      runs(50),
    );
  });

  it.each([3, 4, 5, 6, 8, 10])('shares %d slots with another that came first and had them all', (count) => {
    for (let seedValue = 1; seedValue <= 10; seedValue++) {
      const { shares } = runSlotServer({
        ...rendersOf(seedValue),
        limits: [adaptiveConcurrency({ max, initial: count }), adaptiveConcurrency({ max })],
        slotsAt: () => count,
        untilMs: 8 * hourMs,
      });
      expect(Math.min(...shares)).toBeGreaterThan(count / 5);
    }
  });

  it.each([3, 4])('lets what fits in but for rounding, of %d at the most', (most) => {
    const limit = adaptiveConcurrency({ max: most, initial: 3 });
    // 3.0000000000000004 in all.
    limit.take(0.8 + 1.6, 0);
    expect(limit.earliest(0.6, 0)).toBe(0);
  });
});
