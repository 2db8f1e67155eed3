import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CostOverCapacityError } from '../../src/errors.js';
import { copyOf, type Limit, type Usage } from '../../src/limits/limit.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';

const noon = Date.UTC(2026, 10, 1, 12);
/** Longer than any window or day in these tests. */
const longMs = 27 * 3_600_000;

interface Step {
  readonly gapMs: number;
  readonly cost: number;
  /** What happens before the step to the oldest permit that is held. */
  readonly then: 'keep' | 'release' | 'refund';
}

/** A limit with a clock beside it and the permits that are held: asks as a limiter does. */
class Asked {
  nowMs = 0;
  readonly limit: Limit;
  readonly held: { readonly cost: number; readonly takenAtMs: number }[] = [];

  constructor(limit: Limit) {
    this.limit = limit;
  }

  earliest(cost: number): number {
    this.limit.observeWall?.(noon + this.nowMs, this.nowMs);
    return this.limit.earliest(cost, this.nowMs);
  }

  usage(): Usage {
    this.limit.observeWall?.(noon + this.nowMs, this.nowMs);
    return this.limit.usage(this.nowMs);
  }

  canPass(cost: number): boolean {
    return this.earliest(cost) <= this.nowMs;
  }

  take(cost: number): void {
    this.limit.take(cost, this.nowMs);
    this.held.push({ cost, takenAtMs: this.nowMs });
  }

  end(how: Step['then']): void {
    if (how === 'keep') return;
    const permit = this.held.shift();
    if (permit === undefined) return;
    if (how === 'refund') this.limit.refund(permit.cost, permit.takenAtMs);
    else this.limit.release(permit.cost, permit.takenAtMs, this.nowMs, 'succeeded');
  }

  /** Takes `cost` if it passes now; what it would need to pass otherwise is left alone. */
  step({ gapMs, cost, then }: Step): void {
    this.nowMs += gapMs;
    this.end(then);
    if (this.canPass(cost)) this.take(cost);
  }

  copy(): Asked {
    const copy = new Asked(copyOf(this.limit));
    copy.nowMs = this.nowMs;
    copy.held.push(...this.held);
    return copy;
  }

  releaseAll(): void {
    while (this.held.length > 0) this.end('release');
  }
}

export interface LimitContractOptions {
  /** False for a limit that nothing fills up again: what it has spent it has spent. @defaultValue true */
  readonly comesBack?: boolean;
}

/**
 * What every limit owes: run it from its test with a `make` that gives a new limit each time. Its capacity and its
 * instants must be whole numbers.
 */
export function limitContract(name: string, make: () => Limit, { comesBack = true }: LimitContractOptions = {}): void {
  const { capacity } = make();
  const cost = fc.oneof(fc.integer({ min: 0, max: capacity }), fc.constantFrom(1, capacity));
  const gapMs = fc.oneof(fc.nat(50), fc.nat(2_000), fc.constant(longMs));
  const then = fc.constantFrom<Step['then'][]>('keep', 'release', 'refund');
  const steps = fc.array(fc.record({ gapMs, cost, then }), { maxLength: 40 });
  const after = (all: readonly Step[]): Asked => {
    const asked = new Asked(make());
    for (const step of all) asked.step(step);
    return asked;
  };

  /** A law of some limits only. */
  const itWhere = (holds: boolean, law: string, check: () => void): void => {
    if (holds) it(law, check);
  };
  const isAdjusted = typeof make().adjust === 'function';

  describe(`${name} keeps the contract of limits`, () => {
    it('has a name and a capacity', () => {
      expect(make().name).not.toBe('');
      expect(capacity).toBeGreaterThanOrEqual(1);
    });

    it('lets the whole capacity pass at first', () => {
      const asked = new Asked(make());
      expect(asked.canPass(capacity)).toBe(true);
      expect(asked.usage().used).toBe(0);
    });

    it('should always answer alike when asked again, and never NaN', () => {
      fc.assert(
        fc.property(steps, cost, (all, units) => {
          const asked = after(all);
          const first = asked.earliest(units);
          expect(first).not.toBeNaN();
          asked.usage();
          asked.earliest(capacity);
          expect(asked.earliest(units)).toBe(first);
        }),
      );
    });

    itWhere(comesBack, 'should always refuse until the promised instant, and accept exactly on it', () => {
      fc.assert(
        fc.property(steps, cost, (all, units) => {
          const asked = after(all);
          while (asked.earliest(units) === Infinity) asked.end('release');
          const atMs = asked.earliest(units);
          if (atMs <= asked.nowMs) return;
          asked.nowMs = Math.max(asked.nowMs, atMs - 1);
          expect(asked.earliest(units)).toBe(atMs);
          asked.nowMs = atMs;
          expect(asked.canPass(units)).toBe(true);
        }),
      );
    });

    itWhere(comesBack, 'should never promise Infinity while nothing is held', () => {
      fc.assert(
        fc.property(steps, cost, (all, units) => {
          const asked = after(all);
          asked.releaseAll();
          expect(asked.earliest(units)).toBeLessThan(Infinity);
        }),
      );
    });

    it('should always bring the usage back, and the answers, with a refund', () => {
      fc.assert(
        fc.property(steps, cost, cost, (all, units, next) => {
          const asked = after(all);
          if (!asked.canPass(units)) return;
          const before = { usage: asked.usage(), next: asked.earliest(next) };
          asked.take(units);
          asked.limit.refund(units, asked.nowMs);
          expect({ usage: asked.usage(), next: asked.earliest(next) }).toEqual(before);
        }),
      );
    });

    it('should always keep the usage within the capacity, and count what is taken', () => {
      fc.assert(
        fc.property(steps, cost, (all, units) => {
          const asked = after(all);
          const before = asked.usage();
          expect(before.used).toBeGreaterThanOrEqual(0);
          expect(before.used).toBeLessThanOrEqual(asked.limit.capacity);
          expect(before.used).toBeLessThanOrEqual(before.capacity);
          if (!asked.canPass(units)) return;
          asked.take(units);
          expect(asked.usage().used).toBe(before.used + units);
        }),
      );
    });

    itWhere(comesBack, 'should always be free at the instant at which it says that it resets', () => {
      fc.assert(
        fc.property(steps, (all) => {
          const asked = after(all);
          asked.releaseAll();
          asked.nowMs = Math.max(asked.nowMs, asked.usage().resetsAtMs);
          expect(asked.usage().used).toBe(0);
          expect(asked.canPass(capacity)).toBe(true);
        }),
      );
    });

    itWhere(!comesBack, 'should never have more than it has left, however long it waits', () => {
      fc.assert(
        fc.property(steps, cost, (all, units) => {
          const asked = after(all);
          asked.releaseAll();
          const before = asked.usage();
          const passes = asked.canPass(units);
          asked.nowMs += longMs;
          expect(asked.usage()).toEqual(before);
          expect(before.resetsAtMs).toBe(Infinity);
          expect(passes).toBe(before.used + units <= capacity);
          expect(asked.earliest(units)).toBe(passes ? asked.nowMs : Infinity);
        }),
      );
    });

    itWhere(comesBack, 'should always be as new a long time after all was released', () => {
      fc.assert(
        fc.property(steps, (all) => {
          const asked = after(all);
          asked.releaseAll();
          asked.nowMs += longMs;
          expect(asked.usage().used).toBe(0);
          expect(asked.canPass(capacity)).toBe(true);
        }),
      );
    });

    it('should never let a cost over the capacity pass, and a limiter refuses it at once', () => {
      fc.assert(
        fc.property(steps, fc.constantFrom(1, 7, Infinity), (all, excess) => {
          const asked = after(all);
          asked.releaseAll();
          asked.nowMs += longMs;
          expect(asked.canPass(capacity + excess)).toBe(false);
        }),
      );
      const limiter = createLimiter({ limits: [make()] });
      expect(() => limiter.check(capacity)).not.toThrow();
      expect(() => limiter.check(capacity + 1)).toThrow(CostOverCapacityError);
    });

    it('should always let a cost of 0 pass, and never change by it', () => {
      fc.assert(
        fc.property(steps, cost, (all, units) => {
          const asked = after(all);
          const before = { usage: asked.usage(), next: asked.earliest(units) };
          expect(asked.canPass(0)).toBe(true);
          asked.take(0);
          expect(asked.usage().used).toBe(before.usage.used);
          asked.limit.release(0, asked.nowMs, asked.nowMs, 'succeeded');
          expect({ usage: asked.usage(), next: asked.earliest(units) }).toEqual(before);
        }),
      );
    });

    it('should always have copies that go on as it does, whatever becomes of it', () => {
      fc.assert(
        fc.property(steps, steps, cost, (all, more, units) => {
          const asked = after(all);
          const copies = [asked.copy(), asked.copy().copy()];
          const goOn = (one: Asked) =>
            more.map((step) => {
              one.step(step);
              return { usage: one.usage(), next: one.earliest(units) };
            });
          const answers = goOn(asked);
          expect(copies.map(goOn)).toEqual([answers, answers]);
        }),
      );
    });

    itWhere(isAdjusted, 'should always count what work turns out to cost, and never less than nothing', () => {
      const delta = fc.integer({ min: -2 * capacity, max: 2 * capacity });
      fc.assert(
        fc.property(steps, fc.array(delta, { maxLength: 5 }), (all, deltas) => {
          const asked = after(all);
          let { used } = asked.usage();
          for (const each of deltas) {
            asked.limit.adjust?.(each, asked.nowMs, asked.nowMs);
            used = Math.max(0, used + each);
            expect(asked.usage().used).toBe(used);
            const left = Math.max(0, capacity - used);
            expect([asked.canPass(left), asked.canPass(left + 1)]).toEqual([true, false]);
          }
        }),
      );
    });

    itWhere(isAdjusted, 'should always bring the answers back as work turns out to have cost nothing', () => {
      fc.assert(
        fc.property(steps, cost, cost, fc.nat(capacity), (all, units, next, more) => {
          const asked = after(all);
          if (!asked.canPass(units)) return;
          const before = { usage: asked.usage(), next: asked.earliest(next) };
          asked.take(units);
          asked.limit.adjust?.(more, asked.nowMs, asked.nowMs);
          asked.limit.release(units, asked.nowMs, asked.nowMs, 'succeeded');
          asked.limit.adjust?.(-units - more, asked.nowMs, asked.nowMs);
          expect({ usage: asked.usage(), next: asked.earliest(next) }).toEqual(before);
        }),
      );
    });
  });
}
