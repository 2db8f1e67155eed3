import { CostOverCapacityError, OptionsError } from '../errors.js';
import type { Limit, Outcome } from '../limits/limit.js';

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

/** Where work stands among others. One object can serve all the work of a stream. */
export interface Place {
  /** Whose work it is: between keys the limiter is fair. Any value, compared as a Map does. */
  readonly key: unknown;
  /** The key's share beside others, more than 0. */
  readonly weight: number;
  /** Work of a higher priority goes before all of a lower one. */
  readonly priority: number;
}

/** Nobody's in particular. */
export const commonPlace: Place = { key: undefined, weight: 1, priority: 0 };

/** @throws OptionsError */
export function placeOf(options: {
  readonly key?: unknown;
  readonly weight?: number;
  readonly priority?: number;
}): Place {
  const { key, weight = 1, priority = 0 } = options;
  if (key === undefined && weight === 1 && priority === 0) return commonPlace;
  if (!(weight > 0 && weight < Infinity))
    throw new OptionsError(`weight: must be more than 0 (got ${weight})`, 'weight');
  if (!(priority >= -Infinity)) throw new OptionsError(`priority: must be a number (got ${priority})`, 'priority');
  return { key, weight, priority };
}

/**
 * A place in a limiter's queue. The place is the object itself, a node of a linked list, so that waiting costs one
 * object and leaving early costs nobody anything. An operator derives from it what it needs to carry along.
 */
export abstract class Waiter {
  /** The neighbours in the queue. */
  previous: Waiter | undefined = undefined;
  next: Waiter | undefined = undefined;
  isQueued = false;
  readonly cost: Cost;
  readonly place: Place;

  constructor(cost: Cost, place: Place = commonPlace) {
    this.cost = cost;
    this.place = place;
  }

  /** What its owner knows it by. */
  get label(): unknown {
    return undefined;
  }

  /** Called once, synchronously, as the limits are taken: the work starts now. Must not throw. */
  abstract admitted(atMs: number): void;

  /** Called instead of `admitted` where the queue's overflow policy gave the place up. Must not throw. */
  abstract dropped(error: Error): void;
}

/** What a waiter, once admitted, tells its limiter. */
export interface Admitter {
  /** Gives up a place in the queue; false where the waiter has none any more. */
  leave(waiter: Waiter): boolean;
  /** Ends the work admitted at `takenAtMs`; exactly once. */
  release(cost: Cost, takenAtMs: number, outcome: Outcome, key?: unknown): void;
  /** As `release`, for work that never started. */
  refund(cost: Cost, takenAtMs: number, key?: unknown): void;
  /** Admits who waits and may start now. */
  admitWaiting(): void;
  /** How work that failed with `error` has ended; a refusal is acted upon. */
  outcomeOf(error: unknown): Outcome;
}

/** What must be known of admitted work to end it. */
export interface Admission {
  readonly cost: Cost;
  readonly place: Place;
}
