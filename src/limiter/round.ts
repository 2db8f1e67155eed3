import type { Lane } from './lane.js';
import { sizeOf } from './waiter.js';

/**
 * The lanes of one priority that may be served, in a round: deficit round robin (Shreedhar and Varghese, 1995). Each turn
 * brings a lane credit in proportion to its weight, enough for one piece of work at least, so that a decision is one step
 * however many lanes there are, and nobody starves.
 */
export class Round {
  current: Lane | undefined = undefined;
  /** Bounds seen since the round was last empty: together they make the least turn that always serves something. */
  #leastWeight = Infinity;
  #greatestSize = 0;

  /** The lane joins as the last to be served. */
  join(lane: Lane): void {
    lane.credit = 0;
    if (this.current === undefined) {
      lane.left = lane;
      lane.right = lane;
      this.#leastWeight = Infinity;
      this.#greatestSize = 0;
      this.current = lane;
    } else {
      const left = this.current.left ?? this.current;
      lane.left = left;
      lane.right = this.current;
      left.right = lane;
      this.current.left = lane;
    }
    this.#leastWeight = Math.min(this.#leastWeight, lane.place.weight);
  }

  part(lane: Lane): void {
    const { left, right } = lane;
    if (left === undefined || right === undefined) return;
    if (this.current === lane) this.current = right === lane ? undefined : right;
    left.right = right;
    right.left = left;
    lane.left = undefined;
    lane.right = undefined;
  }

  /** The lane whose turn it is, its credit topped up if the turn is new. */
  turn(): Lane | undefined {
    const lane = this.current;
    if (lane?.first === undefined) return lane;
    const size = sizeOf(lane.first.cost);
    this.#greatestSize = Math.max(this.#greatestSize, size);
    if (lane.credit < size) lane.credit += (lane.place.weight / this.#leastWeight) * this.#greatestSize;
    return lane;
  }

  /** The first of the current lane was served at this size: on to the next lane where the credit is spent. */
  charge(lane: Lane, size: number): void {
    lane.credit -= size;
    const next = lane.first;
    if (next === undefined || lane.credit < sizeOf(next.cost)) this.current = lane.right;
  }
}
