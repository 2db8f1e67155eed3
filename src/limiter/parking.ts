import type { Lane } from './lane.js';

interface Stay {
  readonly lane: Lane;
  readonly untilMs: number;
}

/** The lanes that sit out until an instant or a release: a binary heap by instant, from which a lane that left early drops later. */
export class Parking {
  size = 0;
  readonly #heap: Stay[] = [];

  /** The lane whose instant comes first; undefined where none waits for one. */
  get earliest(): Lane | undefined {
    let top = this.#heap[0];
    while (top !== undefined && top.lane.parkedUntilMs !== top.untilMs) {
      this.#dropTop();
      top = this.#heap[0];
    }
    return top?.lane;
  }

  enter(lane: Lane, untilMs: number): void {
    lane.parkedUntilMs = untilMs;
    this.size++;
    if (untilMs !== Infinity) this.#add({ lane, untilMs });
  }

  leave(lane: Lane): void {
    if (lane.parkedUntilMs === undefined) return;
    lane.parkedUntilMs = undefined;
    this.size--;
  }

  #add(stay: Stay): void {
    const heap = this.#heap;
    let index = heap.push(stay) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.untilMs <= stay.untilMs) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = stay;
  }

  #dropTop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.untilMs < heap[child]!.untilMs) child++;
      if (heap[child]!.untilMs >= last.untilMs) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}
