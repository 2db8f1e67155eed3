/** The greatest number of events in any half-open window of `intervalMs`, counted exactly and apart from any limit. */
export class WindowCount {
  readonly #intervalMs: number;
  #stamps: number[] = [];
  #first = 0;
  #greatest = 0;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get greatest(): number {
    return this.#greatest;
  }

  /** Counts an event at `nowMs`, which never goes back. */
  add(nowMs: number): void {
    this.#stamps.push(nowMs);
    while ((this.#stamps[this.#first] ?? nowMs) + this.#intervalMs <= nowMs) this.#first += 1;
    this.#greatest = Math.max(this.#greatest, this.#stamps.length - this.#first);
    if (this.#first < 1_024 || this.#first * 2 < this.#stamps.length) return;
    this.#stamps = this.#stamps.slice(this.#first);
    this.#first = 0;
  }
}
