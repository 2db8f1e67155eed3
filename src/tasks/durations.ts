/** How many of the latest are known: few enough to follow a drift, enough to know a tail of some hundredths. */
const known = 64;
/** How many of them the lives that nobody has seen yet count as. */
const unseen = 0.5;

/**
 * How long tasks take, learnt from the latest 64 that ended: their survivor function, and the area under it.
 *
 * Half a life more is kept for those that nobody has seen yet, spread so that `mean / (mean + age)` of it lasts longer than
 * an age. So nothing is ever certain; a task that is older than all before it is as likely as not to last once more its
 * age and a mean; and lives that shrink or grow are noticed.
 *
 * Pure. `add` costs some hundred steps, the others a binary search.
 */
export class Durations {
  /** In the order in which they came. */
  readonly #latest: number[] = [];
  /** The same, the shortest first. */
  #sorted: readonly number[] = [];
  /** What the first of `#sorted` make together, from none to all. */
  #sums: readonly number[] = [0];
  /** The share that has ended at each of `#sorted`. */
  #endedAt: readonly number[] = [];
  #meanMs = 1;

  get count(): number {
    return this.#latest.length;
  }

  /** Of those known; at least 1 ms. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** A task has ended, this long after it began. What is no span of time is not counted. */
  add(durationMs: number): void {
    if (!(durationMs >= 0 && durationMs < Infinity)) return;
    this.#latest.push(durationMs);
    if (this.#latest.length > known) this.#latest.shift();
    this.#sorted = this.#latest.toSorted((one, other) => one - other);
    let sum = 0;
    this.#sums = [0, ...this.#sorted.map((each) => (sum += each))];
    this.#meanMs = Math.max(1, sum / this.count);
    this.#endedAt = this.#sorted.map((each) => 1 - this.shareAt(each));
  }

  /** The share that lasts longer than `ageMs`, from 0; more than 0, at most 1. */
  shareAt(ageMs: number): number {
    const longer = this.count - this.#endedBy(ageMs);
    return (longer + (unseen * this.#meanMs) / (this.#meanMs + ageMs)) / (this.count + unseen);
  }

  /** What lives last until `ageMs` on average, in ms: the area under the share. */
  areaUntil(ageMs: number): number {
    const ended = this.#endedBy(ageMs);
    const seenMs = this.#sums[ended]! + (this.count - ended) * ageMs;
    return (seenMs + unseen * this.#meanMs * Math.log1p(ageMs / this.#meanMs)) / (this.count + unseen);
  }

  /** The first of the known durations at which more than that share have ended; Infinity where there is none. */
  ageWhenEnded(share: number): number {
    return this.#sorted[firstAbove(this.#endedAt, share)] ?? Infinity;
  }

  /** How many last no longer than that. */
  #endedBy(ageMs: number): number {
    return firstAbove(this.#sorted, ageMs);
  }
}

/** The index of the first of ascending values that is above a bound; their number where none is. */
function firstAbove(values: readonly number[], bound: number): number {
  let from = 0;
  let to = values.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle]! > bound) to = middle;
    else from = middle + 1;
  }
  return from;
}
