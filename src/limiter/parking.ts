import type { Lane } from './lane.js';

/** The lanes that sit out until an instant or a release: those with an instant in a binary heap, the earliest on top. */
export class Parking {
  size = 0;
  readonly #heap: Lane[] = [];

  /** The lane whose instant comes first; undefined where none waits for one. */
  get earliest(): Lane | undefined {
    return this.#heap[0];
  }

  enter(lane: Lane, untilMs: number): void {
    lane.parkedUntilMs = untilMs;
    this.size++;
    if (untilMs !== Infinity) this.#rise(lane, this.#heap.length);
  }

  leave(lane: Lane): void {
    if (lane.parkedUntilMs === undefined) return;
    this.size--;
    if (lane.parkedUntilMs !== Infinity) this.#takeOut(lane);
    lane.parkedUntilMs = undefined;
  }

  /** The last one fills the gap, and goes from there to where it belongs. */
  #takeOut(lane: Lane): void {
    const last = this.#heap.pop();
    if (last === undefined || last === lane) return;
    this.#rise(last, lane.parkingSlot);
    this.#sink(last, last.parkingSlot);
  }

  #rise(lane: Lane, from: number): void {
    let slot = from;
    while (slot > 0) {
      const parent = this.#heap[(slot - 1) >> 1]!;
      if (untilOf(parent) <= untilOf(lane)) break;
      this.#put(parent, slot);
      slot = (slot - 1) >> 1;
    }
    this.#put(lane, slot);
  }

  #sink(lane: Lane, from: number): void {
    const heap = this.#heap;
    let slot = from;
    for (;;) {
      let child = slot * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && untilOf(heap[child + 1]!) < untilOf(heap[child]!)) child++;
      if (untilOf(heap[child]!) >= untilOf(lane)) break;
      this.#put(heap[child]!, slot);
      slot = child;
    }
    this.#put(lane, slot);
  }

  #put(lane: Lane, slot: number): void {
    this.#heap[slot] = lane;
    lane.parkingSlot = slot;
  }
}

function untilOf(lane: Lane): number {
  return lane.parkedUntilMs ?? Infinity;
}
