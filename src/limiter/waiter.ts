import type { Outcome } from '../limits/limit.js';
import type { Cost } from './cost.js';
import { commonPlace, type Place } from './place.js';

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

  /** Called instead of `admitted` where the place was given up: the queue is full, say, or a budget spent. Must not throw. */
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
