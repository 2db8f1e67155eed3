import { describe, expect, it } from 'vitest';
import { createRetryBudget, type RetryBudgetOptions } from '../../src/backoff/retryBudget.js';

function granted(tries: number, budget: ReturnType<typeof createRetryBudget>): number {
  return Array.from({ length: tries }, () => budget.tryRetry()).filter(Boolean).length;
}

describe('createRetryBudget', () => {
  it('grants its reserve at first, then one retry for ten requests', () => {
    const budget = createRetryBudget();
    expect(granted(15, budget)).toBe(10);
    for (let request = 1; request <= 9; request++) budget.onRequest();
    expect(budget.snapshot().available).toBe(0);
    expect(budget.tryRetry()).toBe(false);
    budget.onRequest();
    expect(granted(5, budget)).toBe(1);
    expect(budget.snapshot()).toEqual({ requests: 10, retries: 11, refused: 10, available: 0 });
  });

  it('saves up no more than its reserve', () => {
    const budget = createRetryBudget({ ratio: 0.5, reserve: 3 });
    for (let request = 0; request < 1_000; request++) budget.onRequest();
    expect(budget.snapshot()).toEqual({ requests: 1_000, retries: 0, refused: 0, available: 3 });
    expect(granted(9, budget)).toBe(3);
  });

  it('is exact with ratios that sums of fractions are not', () => {
    const budget = createRetryBudget({ ratio: 0.1, reserve: 1_000 });
    granted(1_000, budget);
    for (let request = 0; request < 9_990; request++) budget.onRequest();
    expect(budget.snapshot().available).toBe(999);
  });

  it('lives on its reserve alone with a ratio of 0', () => {
    const budget = createRetryBudget({ ratio: 0, reserve: 2 });
    for (let request = 0; request < 100; request++) budget.onRequest();
    expect(granted(5, budget)).toBe(2);
    for (let request = 0; request < 100; request++) budget.onRequest();
    expect(granted(5, budget)).toBe(0);
  });

  it.each<[Partial<Record<keyof RetryBudgetOptions, unknown>>, string]>([
    [{ ratio: -0.1 }, 'ratio'],
    [{ ratio: 1.1 }, 'ratio'],
    [{ reserve: 0 }, 'reserve'],
    [{ reserve: 1.5 }, 'reserve'],
    [{ reserve: Infinity }, 'reserve'],
  ])('refuses %o', (wrong, path) => {
    const options = wrong as RetryBudgetOptions;
    const message = expect.stringContaining(`createRetryBudget: ${path}: `) as string;
    expect(() => createRetryBudget(options)).toThrow(
      expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path, message }),
    );
  });
});
