import type { Task } from './life.js';

/** Running tasks, the next to end first: a binary heap. */
export class EndQueue {
  readonly #heap: Task[] = [];

  /** The next to end. */
  get first(): Task | undefined {
    return this.#heap[0];
  }

  add(task: Task): void {
    let slot = this.#heap.length;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = this.#heap[parent]!;
      if (above.endsAtMs <= task.endsAtMs) break;
      this.#heap[slot] = above;
      slot = parent;
    }
    this.#heap[slot] = task;
  }

  /** Takes the next to end out. */
  removeFirst(): void {
    const task = this.#heap.pop();
    if (task === undefined || this.#heap.length === 0) return;
    let slot = 0;
    for (;;) {
      const child = this.#soonerChildOf(slot);
      const below = this.#heap[child];
      if (below === undefined || below.endsAtMs >= task.endsAtMs) break;
      this.#heap[slot] = below;
      slot = child;
    }
    this.#heap[slot] = task;
  }

  #soonerChildOf(slot: number): number {
    const left = 2 * slot + 1;
    const right = left + 1;
    return (this.#heap[right]?.endsAtMs ?? Infinity) < (this.#heap[left]?.endsAtMs ?? Infinity) ? right : left;
  }
}
