import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creditsBilled } from '../../../src/kling/standards/billing.js';
import { runs } from '../../runs.js';

describe('creditsBilled', () => {
  it.each([
    [[3], 3],
    [['3.5'], 3.5],
    [[0.1, 0.2], 0.3],
    [[{ amount: '10' }, { amount: 2.5 }], 12.5],
    [[{ type: 'video', units: 7 }], 7],
    [[{ amount: 10 }, { amount: -10 }], 0],
    [[{ amount: '4', quantity: 1 }], 4],
    [{ amount: '4' }, 4],
    ['4', 4],
    [[], undefined],
    [undefined, undefined],
    [null, undefined],
    [[null], undefined],
    [[{}], undefined],
    [[{ price: 3 }], undefined],
    [[{ amount: 3 }, { amount: '?' }], undefined],
    [[{ amount: null, units: 3 }], undefined],
    [['1e3'], undefined],
    [['', 3], undefined],
    [[-1], undefined],
  ])('reads %j as %o', (billing, credits) => {
    expect(creditsBilled(billing)).toBe(credits);
  });

  it('reads no amount, and no sum, that a number cannot hold', () => {
    expect(creditsBilled(['9'.repeat(400)])).toBeUndefined();
    expect(creditsBilled(Array(10).fill('9'.repeat(308)))).toBeUndefined();
  });

  it('should always be the sum of amounts, however they are written', () => {
    const millis = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 20 });
    const writing = fc.constantFrom<(amount: number) => unknown>(
      (amount) => amount,
      (amount) => amount.toFixed(3),
      (amount) => ({ amount }),
      (amount) => ({ units: amount.toFixed(3) }),
    );
    fc.assert(
      fc.property(millis, writing, (amounts, write) => {
        const total = amounts.reduce((sum, amount) => sum + amount, 0) / 1_000;
        expect(creditsBilled(amounts.map((amount) => write(amount / 1_000)))).toBe(total);
      }),
      runs(200),
    );
  });

  it('should never be anything but a finite amount of at least 0, or nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (billing) => {
        const credits = creditsBilled(billing);
        expect(credits === undefined || (Number.isFinite(credits) && credits >= 0)).toBe(true);
      }),
      runs(300),
    );
  });
});
