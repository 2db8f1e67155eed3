import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotHolders } from '../../src/limits/slotHolders.js';
import { runs } from '../runs.js';

interface Work {
  readonly cost: number;
  readonly takenAtMs: number;
  /** When it read the clock itself. */
  readonly startedAtMs: number;
  isWaiting: boolean;
}

const sum = (works: readonly Work[]): number => works.reduce((total, { cost }) => total + cost, 0);

/** Drives them beside a plain list of works; `check` sees both after every step. */
function compare(
  { gapMs, lateMs }: { gapMs: fc.Arbitrary<number>; lateMs: fc.Arbitrary<number> },
  check: (holders: SlotHolders, works: readonly Work[]) => void,
): void {
  const step = fc.record({
    do: fc.constantFrom('take', 'take', 'refuse', 'refuse', 'grant', 'end'),
    gapMs,
    lateMs,
    cost: fc.integer({ min: 1, max: 3 }),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const holders = new SlotHolders();
      const works: Work[] = [];
      let nowMs = 0;
      for (const it of steps) {
        nowMs += it.gapMs;
        const work = works[it.which % Math.max(1, works.length)];
        if (it.do === 'take') {
          holders.taken(it.cost, nowMs);
          works.push({ cost: it.cost, takenAtMs: nowMs, startedAtMs: nowMs + it.lateMs, isWaiting: false });
        } else if (work === undefined) continue;
        else if (it.do === 'refuse') {
          holders.refused(work.cost, work.startedAtMs);
          work.isWaiting = true;
        } else if (it.do === 'grant') {
          if (work.isWaiting) holders.granted(work.cost, work.startedAtMs);
          work.isWaiting = false;
        } else {
          holders.ended(work.cost, work.takenAtMs);
          works.splice(works.indexOf(work), 1);
        }
        check(holders, works);
      }
      for (const work of works.splice(0)) holders.ended(work.cost, work.takenAtMs);
      check(holders, works);
    }),
    runs(1_000),
  );
}

describe('SlotHolders', () => {
  it('should always know just what waits, where no two were taken at one instant, by the clock as each has read it', () => {
    const lateMs = fc.double({ min: 0, max: 0.999, noNaN: true });
    compare({ gapMs: fc.integer({ min: 1, max: 9 }), lateMs }, (holders, works) => {
      expect(holders.units).toBe(sum(works));
      expect(holders.waiting).toBe(sum(works.filter(({ isWaiting }) => isWaiting)));
    });
  });

  it('should never know of less than what waits, nor of more than is in flight, whatever was taken together', () => {
    compare({ gapMs: fc.constantFrom(0, 0, 1), lateMs: fc.constant(0) }, (holders, works) => {
      expect(holders.units).toBe(sum(works));
      expect(holders.waiting).toBeGreaterThanOrEqual(sum(works.filter(({ isWaiting }) => isWaiting)));
      expect(holders.waiting).toBeLessThanOrEqual(sum(works));
    });
  });

  it('should never wait for ever for work that has read the clock too late', () => {
    compare({ gapMs: fc.nat(3), lateMs: fc.nat(9) }, (holders, works) => {
      expect(holders.units).toBe(sum(works));
      expect(holders.waiting).toBeLessThanOrEqual(sum(works));
    });
  });

  it('should always tell whether work waits for the first time, and whether it did to its end', () => {
    const holders = new SlotHolders();
    holders.taken(1, 5);
    expect([holders.refused(1, 5), holders.refused(1, 5.5)]).toEqual([true, false]);
    expect([holders.granted(1, 5.5), holders.granted(1, 5)]).toEqual([true, false]);
    expect(holders.ended(1, 5)).toBe(false);
    holders.taken(1, 6);
    holders.refused(1, 6);
    expect(holders.ended(1, 6)).toBe(true);
  });

  it('should always give the slot to one that waits, of several taken at one instant', () => {
    const holders = new SlotHolders();
    for (let taken = 0; taken < 3; taken++) holders.taken(1, 5);
    holders.refused(1, 5);
    expect([holders.granted(1, 5), holders.waiting, holders.granted(1, 5)]).toEqual([true, 0, false]);
  });

  it('should always let the newest of before go, where it is not known which work ends', () => {
    const holders = new SlotHolders();
    for (const [cost, takenAtMs] of [
      [2, 0],
      [2, 1],
      [3, 5],
    ] as const)
      holders.taken(cost, takenAtMs);
    holders.refused(2, 1);
    expect([holders.ended(1, 4), holders.waiting]).toEqual([true, 0]);
  });

  it('should never take it for work that came later, nor for work of another cost', () => {
    const holders = new SlotHolders();
    holders.taken(2, 6);
    expect([holders.refused(2, 5), holders.refused(1, 7), holders.waiting]).toEqual([false, false, 0]);
  });
});
