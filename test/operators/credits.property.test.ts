import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { Credits, type Reservation } from '../../operators/generating/credits.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { runs } from '../runs.js';
import { VirtualClock } from './virtualClock.js';

type Step =
  | { readonly type: 'start'; readonly credits: number }
  | { readonly type: 'end'; readonly which: number; readonly share: number };

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ type: fc.constant('start'), credits: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ type: fc.constant('end'), which: fc.nat(), share: fc.constantFrom(0, 0.5, 1) }),
);

describe('credits', () => {
  it('should always keep what is spent and reserved within the budget and the quota', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.array(step, { maxLength: 60 }), (budget, steps) => {
        const clock = new VirtualClock();
        const quota = dailyQuota({ limit: 1_000, name: 'credits' });
        const slots = createLimiter({ limits: [quota], clock });
        const credits = new Credits(slots, budget, clock);
        const open: Reservation[] = [];
        let spent = 0;
        for (const each of steps) {
          if (each.type === 'start') {
            void slots.run(() => undefined, { cost: { credits: each.credits } });
            const reservation = credits.taken(each.credits, undefined);
            if (credits.reserve(reservation)) open.push(reservation);
            else credits.settle(reservation, 0);
          } else if (open.length > 0) {
            const [ended] = open.splice(each.which % open.length, 1);
            const actual = (ended?.credits ?? 0) * each.share;
            if (ended !== undefined) credits.settle(ended, actual);
            spent += actual;
          }
          const reserved = open.reduce((sum, it) => sum + it.credits, 0);
          expect(spent + reserved).toBeLessThanOrEqual(budget);
          expect(credits.leftOfRun).toBeCloseTo(budget - spent - reserved, 9);
          expect(credits.mayGetMore).toBe(reserved > 0);
          // The day's quota says the same: estimates of what runs, the real price of what has ended.
          expect(slots.snapshot().limits[0]?.used).toBeCloseTo(spent + reserved, 9);
        }
      }),
      runs(300),
    );
  });
});
