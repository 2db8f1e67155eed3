import type { Limit, Outcome } from '../limits/limit.js';

/** What a piece of work costs: one figure for every limit, or one by a limit's name (1 where it is not named). */
export type Cost = number | Readonly<Record<string, number>>;

export function costIn(limit: Limit, cost: Cost): number {
  return typeof cost === 'number' ? cost : (cost[limit.name] ?? 1);
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

  constructor(cost: Cost) {
    this.cost = cost;
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
  release(cost: Cost, takenAtMs: number, outcome: Outcome): void;
  /** Admits who waits and may start now. */
  admitWaiting(): void;
  /** How work that failed with `error` has ended; a refusal is acted upon. */
  outcomeOf(error: unknown): Outcome;
}
