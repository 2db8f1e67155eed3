import type { Place } from './place.js';
import type { Waiter } from './waiter.js';

/** The waiters of one key at one priority, first in, first out: a doubly linked list, so that any of them leaves in one step. */
export class Lane {
  /** That of the newest waiter: a key's weight may change. */
  place: Place;
  first: Waiter | undefined = undefined;
  last: Waiter | undefined = undefined;
  /** What the lane may still be served in this turn, in units of cost. */
  credit = 0;
  /** The last round in which it had a turn; 0: none since it joined. */
  servedInRound = 0;
  /** The neighbours in the round of lanes; both undefined outside it. */
  left: Lane | undefined = undefined;
  right: Lane | undefined = undefined;
  /** While its own key's limits hold it back: until when, Infinity for until a release. */
  parkedUntilMs: number | undefined = undefined;
  /** Where it is in the heap of those parked until an instant. */
  parkingSlot = 0;

  constructor(place: Place) {
    this.place = place;
  }

  push(waiter: Waiter): void {
    this.place = waiter.place;
    waiter.previous = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.next = waiter;
    this.last = waiter;
  }

  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.last = previous;
    else next.previous = previous;
    waiter.previous = undefined;
    waiter.next = undefined;
  }
}
