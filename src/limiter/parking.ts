import { Heap } from '../heap.js';
import type { Lane } from './lane.js';

/** The lanes that sit out until an instant or a release. */
export class Parking {
  size = 0;
  /** Those that wait for an instant. */
  readonly #timed = new Heap<Lane>(
    (one, other) => untilOf(one) < untilOf(other),
    (lane, slot) => (lane.parkingSlot = slot),
  );

  /** The lane whose instant comes first; undefined where none waits for one. */
  get earliest(): Lane | undefined {
    return this.#timed.first;
  }

  enter(lane: Lane, untilMs: number): void {
    lane.parkedUntilMs = untilMs;
    this.size++;
    if (untilMs !== Infinity) this.#timed.add(lane);
  }

  leave(lane: Lane): void {
    if (lane.parkedUntilMs === undefined) return;
    this.size--;
    if (lane.parkedUntilMs !== Infinity) this.#timed.remove(lane.parkingSlot);
    lane.parkedUntilMs = undefined;
  }
}

function untilOf(lane: Lane): number {
  return lane.parkedUntilMs ?? Infinity;
}
