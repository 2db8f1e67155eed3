import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRetryBudget } from '../../src/backoff/retryBudget.js';
import { runs } from '../runs.js';

// Sixty-fourths, so that the law itself is counted without rounding.
const ratio = fc.integer({ min: 0, max: 64 }).map((parts) => parts / 64);
const reserve = fc.integer({ min: 1, max: 8 });
const traffic = fc.array(fc.constantFrom<('request' | 'retry')[]>('request', 'request', 'request', 'retry'), {
  maxLength: 200,
});

/** True where `granted` so far, ending in a grant, is within the law in every stretch that ends here. */
function keepsTheLaw(log: readonly ('request' | 'granted')[], options: { ratio: number; reserve: number }): boolean {
  let left = options.reserve;
  for (const entry of log.toReversed()) {
    left += entry === 'request' ? options.ratio : -1;
    if (left < 0) return false;
  }
  return true;
}

describe('createRetryBudget, by law', () => {
  it('should always grant exactly what keeps every stretch within reserve + ratio * requests', () => {
    fc.assert(
      fc.property(ratio, reserve, traffic, (share, saved, all) => {
        const options = { ratio: share, reserve: saved };
        const budget = createRetryBudget(options);
        const log: ('request' | 'granted')[] = [];
        for (const event of all) {
          if (event === 'request') {
            budget.onRequest();
            log.push('request');
            continue;
          }
          const isWithin = keepsTheLaw([...log, 'granted'], options);
          expect(budget.snapshot().available >= 1).toBe(isWithin);
          expect(budget.tryRetry()).toBe(isWithin);
          if (isWithin) log.push('granted');
        }
        const { requests, retries, refused } = budget.snapshot();
        expect(requests + retries + refused).toBe(all.length);
        expect(retries).toBe(log.filter((entry) => entry === 'granted').length);
      }),
      runs(1_000),
    );
  });

  it('should never grant more than reserve + ratio * requests, for any ratio', () => {
    const anyRatio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(anyRatio, reserve, traffic, (share, saved, all) => {
        const budget = createRetryBudget({ ratio: share, reserve: saved });
        for (const event of all) {
          if (event === 'request') budget.onRequest();
          else budget.tryRetry();
          const { requests, retries } = budget.snapshot();
          expect(retries).toBeLessThanOrEqual(saved + share * requests);
        }
      }),
    );
  });
});
