/** A binary heap: the first of what is in it, by an order of its own, in a few steps however much there is. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #isBefore: (one: T, other: T) => boolean;
  readonly #moved: (item: T, slot: number) => void;

  /** @param moved hears in which slot an item is from now on, for `remove` */
  constructor(isBefore: (one: T, other: T) => boolean, moved: (item: T, slot: number) => void = () => undefined) {
    this.#isBefore = isBefore;
    this.#moved = moved;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  add(item: T): void {
    this.#rise(item, this.#items.length);
  }

  removeFirst(): void {
    this.remove(0);
  }

  /** The last one fills the gap, and goes from there to where it belongs. */
  remove(slot: number): void {
    const last = this.#items.pop();
    if (last !== undefined && slot < this.#items.length) this.#sink(last, this.#rise(last, slot));
  }

  #rise(item: T, from: number): number {
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = this.#items[above]!;
      if (!this.#isBefore(item, parent)) break;
      this.#put(parent, slot);
      slot = above;
    }
    this.#put(item, slot);
    return slot;
  }

  #sink(item: T, from: number): void {
    const items = this.#items;
    let slot = from;
    for (;;) {
      let child = slot * 2 + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#isBefore(items[child + 1]!, items[child]!)) child++;
      if (!this.#isBefore(items[child]!, item)) break;
      this.#put(items[child]!, slot);
      slot = child;
    }
    this.#put(item, slot);
  }

  #put(item: T, slot: number): void {
    this.#items[slot] = item;
    this.#moved(item, slot);
  }
}
