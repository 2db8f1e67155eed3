import { sizeOf } from './cost.js';
import type { Lane } from './lane.js';

/**
 * The lanes of one priority that may be served, in turns: deficit round robin (Shreedhar and Varghese, 1995). A turn
 * brings a lane credit in proportion to its weight; what is left of it, less than one piece of work, is kept.
 *
 * How much credit a weight brings is settled anew for each round: just enough to serve the first of every lane in one
 * turn, by the sizes and weights that the round before has met. So turns are short again once heavy work and light
 * weights have gone, and a decision takes one step, however many lanes there are; only work heavier than all before it
 * waits for the next round.
 */
export class Round {
  current: Lane | undefined = undefined;
  /** Whether the current lane's turn has begun. */
  #hasBegun = false;
  #number = 1;
  /** Of the round before: they settle this one's turns. */
  #leastWeight = Infinity;
  #greatestSize = 0;
  /** Of this round, so far. */
  #leastWeightYet = Infinity;
  #greatestSizeYet = 0;

  /** The lane joins as the last to be served. */
  join(lane: Lane): void {
    lane.credit = 0;
    lane.servedInRound = 0;
    if (this.current === undefined) {
      lane.left = lane;
      lane.right = lane;
      this.#startAfresh();
      this.#moveTo(lane);
      return;
    }
    const left = this.current.left ?? this.current;
    lane.left = left;
    lane.right = this.current;
    left.right = lane;
    this.current.left = lane;
  }

  part(lane: Lane): void {
    const { left, right } = lane;
    if (left === undefined || right === undefined) return;
    if (this.current === lane) this.#moveTo(right === lane ? undefined : right);
    left.right = right;
    right.left = left;
    lane.left = undefined;
    lane.right = undefined;
  }

  /** The lane whose turn it is, with credit for its first. */
  turn(): Lane | undefined {
    for (;;) {
      const lane = this.current;
      if (lane?.first === undefined) return lane;
      const size = sizeOf(lane.first.cost);
      if (!this.#hasBegun) this.#begin(lane, size);
      if (lane.credit >= size) return lane;
      // Too little yet, or its first has given up, and the next one is heavier.
      this.#moveTo(lane.right);
    }
  }

  /** The first of the current lane was served at this size: on to the next lane where the credit is spent. */
  charge(lane: Lane, size: number): void {
    lane.credit -= size;
    const next = lane.first;
    if (next !== undefined && lane.credit < sizeOf(next.cost)) this.#moveTo(lane.right);
  }

  #begin(lane: Lane, size: number): void {
    if (lane.servedInRound === this.#number) this.#beginRound();
    const { weight } = lane.place;
    lane.servedInRound = this.#number;
    lane.credit += (weight / this.#leastWeight) * this.#greatestSize;
    this.#leastWeightYet = Math.min(this.#leastWeightYet, weight);
    this.#greatestSizeYet = Math.max(this.#greatestSizeYet, size);
    this.#hasBegun = true;
  }

  #beginRound(): void {
    this.#number++;
    this.#leastWeight = this.#leastWeightYet;
    this.#greatestSize = this.#greatestSizeYet;
    this.#leastWeightYet = Infinity;
    this.#greatestSizeYet = 0;
  }

  /** Nothing is known of the round before: the first one brings no credit, and finds out. */
  #startAfresh(): void {
    this.#leastWeightYet = Infinity;
    this.#greatestSizeYet = 0;
    this.#beginRound();
  }

  #moveTo(lane: Lane | undefined): void {
    this.current = lane;
    this.#hasBegun = false;
  }
}
