import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budget } from '../../src/limits/budget.js';
import { runs } from '../runs.js';

describe('budget', () => {
  it('should never spend more than its limit, also in fractions, while nothing turns out to cost more', () => {
    const fraction = fc.double({ min: 0, max: 4, noNaN: true });
    const step = fc.record({
      cost: fc.oneof(fraction, fc.constantFrom(0.1, 0.2, 0.3)),
      then: fc.constantFrom('keep', 'refund', 'settle', 'release'),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const limit = budget({ limit: 10 });
        let taken = 0;
        for (const { cost, then, share } of steps) {
          const before = limit.usage(0).used;
          if (limit.earliest(cost, 0) > 0) {
            expect(before + cost).toBeGreaterThan(10);
            continue;
          }
          limit.take(cost, 0);
          taken += cost;
          expect(limit.usage(0).used).toBe(before + cost);
          if (then === 'refund') limit.refund(cost, 0);
          if (then === 'settle') limit.adjust?.(-cost * share, 0, 0);
          if (then === 'release') limit.release(cost, 0, 1, 'succeeded');
          const { used } = limit.usage(0);
          expect(used).toBeLessThanOrEqual(10 * (1 + 1e-12));
          expect(used).toBeGreaterThanOrEqual(0);
          expect(used).toBeLessThanOrEqual(taken);
        }
      }),
      runs(1_000),
    );
  });
});
