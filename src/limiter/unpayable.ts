import { BudgetSpentError } from '../errors.js';
import type { Limit } from '../limits/limit.js';
import { costIn } from './cost.js';
import type { Admission } from './waiter.js';

/** Why work could never start, where nothing runs that could give something back: one of the budgets has less left than it costs. */
export function unpayable(
  budgets: readonly Limit[],
  { cost, place }: Admission,
  nowMs: number,
): BudgetSpentError | undefined {
  for (const limit of budgets) {
    const units = costIn(limit, cost);
    if (limit.earliest(units, nowMs, place.key) < Infinity) continue;
    return new BudgetSpentError(limit.name, units, limit.left?.(place.key) ?? 0);
  }
  return undefined;
}
