/**
 * What waits for a reader: of each key the newest value alone, so that what a slow reader costs depends on how many keys
 * there are and not on how much happens. Values without a key all count.
 *
 * They are read in rounds: a round is all that waited as it began, in the order of the last changes; what changes while
 * it is read comes with the next. So a key that never rests cannot keep another from its turn, nor lose its own, and
 * what is read is in the order in which it came, less what was overtaken.
 */
export class ConflatingBuffer<T> {
  readonly #maxSize: number;
  #coming = new Map<unknown, T>();
  #round: readonly T[] = [];
  #read = 0;

  /** @param maxSize how many different keys may wait for the next round; as many values again may be left of this one */
  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get isEmpty(): boolean {
    return this.#read === this.#round.length && this.#coming.size === 0;
  }

  /** False: there is no room for one more key, and nothing has changed. */
  push(value: T, key: unknown = Symbol()): boolean {
    // To the end: the order is that of the last changes.
    const isNew = !this.#coming.delete(key);
    if (isNew && this.#coming.size >= this.#maxSize) return false;
    this.#coming.set(key, value);
    return true;
  }

  /** Makes room: gives up what has waited longest for the next round. */
  dropOldest(): void {
    const [oldest] = this.#coming.keys();
    this.#coming.delete(oldest);
  }

  /** @returns undefined where nothing waits */
  take(): T | undefined {
    if (this.isEmpty) return undefined;
    if (this.#read === this.#round.length) {
      this.#round = [...this.#coming.values()];
      this.#coming = new Map();
      this.#read = 0;
    }
    return this.#round[this.#read++];
  }

  clear(): void {
    this.#coming.clear();
    this.#round = [];
    this.#read = 0;
  }
}
