import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StampLog } from '../../src/limits/stampLog.js';

/** Quarters add up exactly. */
const units = fc.integer({ min: 1, max: 12 }).map((quarters) => quarters / 4);
const operation = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('push' as const), gapMs: fc.nat(2), units }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('drop' as const) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('remove' as const), index: fc.nat(200), share: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('removeStranger' as const), stampMs: fc.integer({ max: -1 }) }),
  },
);

interface Entry {
  readonly stampMs: number;
  units: number;
}

/** The same by the book: a list, searched from the front. An entry whose units were all taken back out counts nothing. */
class NaiveLog {
  entries: Entry[] = [];

  push(stampMs: number, units: number): void {
    const same = this.entries.find((entry) => entry.stampMs === stampMs);
    if (same === undefined) this.entries.push({ stampMs, units });
    else same.units += units;
  }

  get filled(): Entry[] {
    return this.entries.filter((entry) => entry.units > 0);
  }

  stampOf(units: number): number {
    let left = units;
    return this.filled.find((entry) => (left -= entry.units) <= 0)?.stampMs ?? NaN;
  }
}

describe('StampLog', () => {
  it('should always hold what a plain list holds', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), (operations) => {
        const log = new StampLog();
        const naive = new NaiveLog();
        let nowMs = 0;
        for (const step of operations) {
          if (step.type === 'push') {
            nowMs += step.gapMs;
            log.push(nowMs, step.units);
            naive.push(nowMs, step.units);
          } else if (step.type === 'drop' && !log.isEmpty) {
            expect(log.oldestMs).toBeLessThanOrEqual(naive.filled[0]?.stampMs ?? NaN);
            naive.entries = naive.entries.filter((entry) => entry.stampMs > log.oldestMs);
            log.dropOldest();
          } else if (step.type === 'remove' && naive.filled.length > 0) {
            const entry = naive.filled[step.index % naive.filled.length];
            if (entry === undefined) continue;
            const taken = (entry.units * step.share) / 4;
            entry.units -= taken;
            log.remove(entry.stampMs, taken);
          } else if (step.type === 'removeStranger') log.remove(step.stampMs, 1);
          const total = naive.filled.reduce((sum, entry) => sum + entry.units, 0);
          expect(log.total).toBe(total);
          expect(log.isEmpty).toBe(total === 0);
          expect(log.newestMs).toBe(naive.filled.at(-1)?.stampMs ?? NaN);
          for (const share of [0.25, 1, total, total + 0.25]) {
            if (share > 0) expect(log.stampOf(share)).toBe(naive.stampOf(share));
          }
        }
      }),
    );
  });

  it('should always keep its order while the ring grows around its seam', () => {
    const log = new StampLog();
    for (let stampMs = 0; stampMs < 10; stampMs++) log.push(stampMs, 1);
    for (let dropped = 0; dropped < 8; dropped++) log.dropOldest();
    for (let stampMs = 10; stampMs < 100; stampMs++) log.push(stampMs, 1);
    const stamps: number[] = [];
    while (!log.isEmpty) {
      stamps.push(log.oldestMs);
      log.dropOldest();
    }
    expect(stamps).toEqual(Array.from({ length: 92 }, (_, index) => index + 8));
    expect([log.total, log.oldestMs, log.newestMs, log.stampOf(1)]).toEqual([0, NaN, NaN, NaN]);
  });

  it('should always hold exactly nothing once it is empty, whatever the fractions', () => {
    const fraction = fc.double({ min: 0.001, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.array(fraction, { minLength: 1 }), (all) => {
        const log = new StampLog();
        for (const [stampMs, share] of all.entries()) log.push(stampMs, share);
        while (!log.isEmpty) log.dropOldest();
        expect(log.total).toBe(0);
      }),
    );
  });
});
