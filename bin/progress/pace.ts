/** Of how many tasks the durations are remembered. */
const remembered = 25;

/** How long tasks take, as far as those that have ended here tell: the middle one of the last of them. */
export class Pace {
  readonly #durationsMs: number[] = [];

  /** One has taken this long, in ms. */
  took(durationMs: number): void {
    this.#durationsMs.push(durationMs);
    if (this.#durationsMs.length > remembered) this.#durationsMs.shift();
  }

  /** In ms; undefined before any has ended. */
  get typicalMs(): number | undefined {
    const sorted = this.#durationsMs.toSorted((one, other) => one - other);
    return sorted[Math.floor(sorted.length / 2)];
  }
}
