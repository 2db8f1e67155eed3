import type { Waiter } from './waiter.js';

/** First in, first out; a doubly linked list, so that any waiter leaves in one step. */
export class Fifo {
  size = 0;
  first: Waiter | undefined = undefined;
  #last: Waiter | undefined = undefined;

  get last(): Waiter | undefined {
    return this.#last;
  }

  push(waiter: Waiter): void {
    waiter.previous = this.#last;
    if (this.#last === undefined) this.first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    waiter.isQueued = true;
    this.size++;
  }

  remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    waiter.previous = undefined;
    waiter.next = undefined;
    waiter.isQueued = false;
    this.size--;
  }
}
