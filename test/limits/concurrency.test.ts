import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concurrency, type ConcurrencyOptions } from '../../src/limits/concurrency.js';
import { limitContract } from './limitContract.js';

limitContract('concurrency', () => concurrency({ limit: 5 }));
limitContract('concurrency of one', () => concurrency({ limit: 1 }));

describe('concurrency', () => {
  it('holds a unit from its start to its end, however long that takes', () => {
    const limit = concurrency({ limit: 3 });
    limit.take(2, 0);
    expect([limit.earliest(1, 5), limit.earliest(2, 5)]).toEqual([5, Infinity]);
    expect(limit.usage(1e9)).toEqual({ used: 2, capacity: 3, resetsAtMs: Infinity });
    limit.release(2, 0, 2e9, 'failed');
    expect(limit.usage(2e9)).toEqual({ used: 0, capacity: 3, resetsAtMs: 2e9 });
  });

  it('has room for fractions that fill it, though their sum comes out at more', () => {
    const limit = concurrency({ limit: 1 });
    for (const weight of [0.2, 0.2, 0.2, 0.3]) limit.take(weight, 0);
    expect([limit.earliest(0.1, 0), limit.earliest(0.11, 0)]).toEqual([0, Infinity]);
  });

  it('lets no rest of fractional weights stand in the way', () => {
    // 0.2 + 0.4 + 0.3, each taken off again, leaves 1.7e-16: enough for a weight of 1 to wait for ever.
    const limit = concurrency({ limit: 1 });
    for (const weight of [0.2, 0.4, 0.3]) limit.take(weight, 0);
    for (const weight of [0.2, 0.4, 0.3]) limit.release(weight, 0, 1, 'succeeded');
    expect(limit.earliest(1, 1)).toBe(1);
    expect(limit.usage(1)).toEqual({ used: 0, capacity: 1, resetsAtMs: 1 });
  });

  it.each<[Partial<Record<keyof ConcurrencyOptions, unknown>>, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: Infinity }, 'limit'],
    [{ name: '' }, 'name'],
  ])('refuses %o', (wrong, path) => {
    const options = { limit: 1, ...wrong } as ConcurrencyOptions;
    expect(() => concurrency(options)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
  });
});

describe('concurrency, by law', () => {
  it('should never hold more than the limit, and never refuse what fits', () => {
    const weights = fc.array(
      fc.record({ weight: fc.integer({ min: 0, max: 8 }), ends: fc.nat(3), drops: fc.boolean() }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), weights, (most, steps) => {
        const limit = concurrency({ limit: most });
        const held: number[] = [];
        for (const { weight, ends, drops } of steps) {
          for (const ended of held.splice(0, ends)) {
            if (drops) limit.refund(ended, 0);
            else limit.release(ended, 0, 0, 'succeeded');
          }
          const inFlight = held.reduce((sum, each) => sum + each, 0);
          const fits = inFlight + weight <= most;
          expect(limit.earliest(weight, 0)).toBe(fits ? 0 : Infinity);
          if (!fits) continue;
          limit.take(weight, 0);
          held.push(weight);
        }
      }),
    );
  });
});
