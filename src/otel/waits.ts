/** Below this, places that were left free are not worth the closing up. */
const leastMoved = 1_024;

/**
 * How long those waited whom a limiter lets go, as far as its events tell: they say that somebody came and that somebody
 * went, and not who. The one who has waited longest is taken to go first. So the waits are those of a queue that is first
 * in, first out: exact within one key and one priority; between several, the mean is exact, and the spread too narrow.
 *
 * Who gave the place up is not told of; it is known by the length of the queue afterwards. The oldest place is then taken
 * to be the one, so that no wait is ever told that nobody had.
 */
export class Waits {
  /** When those came who wait, the oldest at `#head`; NaN: before anybody listened. */
  #cameAtMs: number[];
  #head = 0;

  /** @param waiting how many wait already: how long they have is not known */
  constructor(waiting: number) {
    this.#cameAtMs = Array.from({ length: waiting }, () => NaN);
  }

  /** @param waiting how many wait, the newcomer among them */
  came(atMs: number, waiting: number): void {
    this.#cameAtMs.push(atMs);
    this.#forgetLeft(waiting);
  }

  /**
   * How long it waited, in ms; undefined where that is not known.
   *
   * @param waiting how many still wait
   */
  went(atMs: number, waiting: number): number | undefined {
    // Whoever goes on the spot has never been told to wait.
    if (this.#size <= waiting) return 0;
    this.#forgetLeft(waiting + 1);
    const cameAtMs = this.#cameAtMs[this.#head] ?? NaN;
    this.#forgetLeft(waiting);
    return Number.isNaN(cameAtMs) ? undefined : Math.max(0, atMs - cameAtMs);
  }

  /** Somebody has given the place up, or lost it. */
  left(waiting: number): void {
    this.#forgetLeft(waiting);
  }

  get #size(): number {
    return this.#cameAtMs.length - this.#head;
  }

  #forgetLeft(waiting: number): void {
    this.#head += Math.max(0, this.#size - waiting);
    if (this.#head < leastMoved || this.#head * 2 < this.#cameAtMs.length) return;
    this.#cameAtMs = this.#cameAtMs.slice(this.#head);
    this.#head = 0;
  }
}
