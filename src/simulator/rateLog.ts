/**
 * The strict sliding-window log: never more than `limit` stamps in any half-open window of `intervalMs`, and never a
 * refusal that this does not need. A ring of the last `limit` stamps: each new one overwrites the one it had to outlive.
 */
export class RateLog {
  readonly #stamps: Float64Array;
  readonly #intervalMs: number;
  #oldest = 0;

  constructor(limit: number, intervalMs: number) {
    this.#stamps = new Float64Array(limit).fill(-Infinity);
    this.#intervalMs = intervalMs;
  }

  /** The first instant at which one more may pass; it may lie in the past. */
  freeAtMs(): number {
    return (this.#stamps[this.#oldest] ?? -Infinity) + this.#intervalMs;
  }

  /** Enters one that passes at `nowMs`, which must not be before `freeAtMs()`. */
  record(nowMs: number): void {
    this.#stamps[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % this.#stamps.length;
  }
}
