import { CostOverCapacityError, OptionsError } from '../errors.js';
import type { Limit } from '../limits/limit.js';

/** What a piece of work costs: one figure for every limit, or one by a limit's name (1 where it is not named). */
export type Cost = number | Readonly<Record<string, number>>;

export function costIn(limit: Limit, cost: Cost): number {
  return typeof cost === 'number' ? cost : (cost[limit.name] ?? 1);
}

/** @throws CostOverCapacityError for a cost that could never pass; OptionsError for one that is none */
export function checkCost(limits: readonly Limit[], cost: Cost, key?: unknown): void {
  checkKind(cost);
  for (const limit of limits) {
    const units = costIn(limit, cost);
    if (typeof (units as unknown) !== 'number' || !(units >= 0))
      throw new OptionsError(`cost: must be a number of at least 0 (got ${units} for "${limit.name}")`, 'cost');
    const capacity = limit.capacityOf?.(key) ?? limit.capacity;
    if (units > capacity) throw new CostOverCapacityError(limit.name, units, capacity);
  }
}

function checkKind(cost: unknown): void {
  if (typeof cost === 'number' || (typeof cost === 'object' && cost !== null)) return;
  const wrong = `must be a number, or an object of numbers by the names of the limits (got ${String(cost)})`;
  throw new OptionsError(`cost: ${wrong}`, 'cost');
}

/** What a piece of work counts for between keys: its cost where that is one figure over 0, otherwise 1. */
export function sizeOf(cost: Cost): number {
  return typeof cost === 'number' && cost > 0 && cost < Infinity ? cost : 1;
}
