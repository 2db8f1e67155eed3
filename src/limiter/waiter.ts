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

/** What must be known of admitted work to end it. */
export interface Admission {
  readonly cost: Cost;
  readonly place: Place;
}
