/** A first-in-first-out queue of values in a ring that grows as needed: no `shift`, eight bytes a value. */
export class Ring<T> {
  size = 0;
  #slots: (T | undefined)[] = new Array<T | undefined>(16);
  #head = 0;

  push(value: T): void {
    if (this.size === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.size++) & (this.#slots.length - 1)] = value;
  }

  /** Takes the oldest out; only where `size` is not 0. */
  take(): T {
    const value = this.#slots[this.#head] as T;
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.size--;
    return value;
  }

  /** Takes the newest out; only where `size` is not 0. */
  takeNewest(): T {
    const slot = (this.#head + --this.size) & (this.#slots.length - 1);
    const value = this.#slots[slot] as T;
    this.#slots[slot] = undefined;
    return value;
  }

  #grow(): void {
    const slots = new Array<T | undefined>(this.#slots.length * 2);
    for (let i = 0; i < this.size; i++) slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
