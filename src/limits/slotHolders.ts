import { InFlight } from './inFlight.js';

interface Holder {
  readonly cost: number;
  readonly takenAtMs: number;
  /** It was refused, and tries again in its place. */
  isWaiting: boolean;
  hasEnded: boolean;
}

/**
 * Work in flight, in the order in which it was taken; and which of it was refused and waits in its place. Work is known
 * by its cost and the last instant at or before the given one at which such was taken: whoever reads the clock as it
 * starts need not know the very stamp.
 *
 * Of several that share both nobody can tell one that is refused again from another: each refusal counts as one more,
 * until all of them wait. So what waits may be taken for more than it is, never for less.
 */
export class SlotHolders {
  readonly #inFlight: InFlight;
  readonly #waiting: InFlight;
  /** Those that have ended among them go once they are the most: then no end costs a step for each that goes on. */
  readonly #holders: Holder[];
  #ended = 0;

  constructor(inFlight = new InFlight(), waiting = new InFlight(), holders: readonly Holder[] = []) {
    this.#inFlight = inFlight;
    this.#waiting = waiting;
    this.#holders = holders.filter(({ hasEnded }) => !hasEnded).map((holder) => ({ ...holder }));
  }

  /** What all of them hold. */
  get units(): number {
    return this.#inFlight.units;
  }

  /** What of it waits. */
  get waiting(): number {
    return this.#waiting.units;
  }

  taken(cost: number, nowMs: number): void {
    this.#inFlight.start(cost);
    this.#holders.push({ cost, takenAtMs: nowMs, isWaiting: false, hasEnded: false });
  }

  /** It is in flight no more; true where it has waited until now. */
  ended(cost: number, takenAtMs: number): boolean {
    this.#inFlight.end(cost);
    const holder = this.#find(takenAtMs, false, cost) ?? this.#find(takenAtMs, false);
    if (holder === undefined) return false;
    holder.hasEnded = true;
    if (++this.#ended * 2 > this.#holders.length) this.#sweep();
    return this.#goOn(holder);
  }

  /** It waits from here on; false where it did already. */
  refused(cost: number, takenAtMs: number): boolean {
    const holder = this.#find(takenAtMs, false, cost);
    if (holder === undefined || holder.isWaiting) return false;
    this.#waiting.start(holder.cost);
    holder.isWaiting = true;
    return true;
  }

  /** It waits no more; false where it did not. */
  granted(cost: number, takenAtMs: number): boolean {
    const holder = this.#find(takenAtMs, true, cost);
    return holder !== undefined && this.#goOn(holder);
  }

  copy(): SlotHolders {
    return new SlotHolders(this.#inFlight.copy(), this.#waiting.copy(), this.#holders);
  }

  #goOn(holder: Holder): boolean {
    if (!holder.isWaiting) return false;
    holder.isWaiting = false;
    this.#waiting.end(holder.cost);
    return true;
  }

  /**
   * The last one in flight that was taken at or before `takenAtMs`, for `cost` where that is given (who looks ahead does
   * not know which work will end). Of several of one instant, one that waits or does not, if there is such a one.
   */
  #find(takenAtMs: number, isWaiting: boolean, cost?: number): Holder | undefined {
    let found: Holder | undefined;
    for (let index = this.#lastUntil(takenAtMs); index >= 0; index--) {
      const holder = this.#holders[index]!;
      if (found !== undefined && holder.takenAtMs < found.takenAtMs) break;
      if (holder.hasEnded || (cost !== undefined && holder.cost !== cost)) continue;
      if (holder.isWaiting === isWaiting) return holder;
      found ??= holder;
    }
    return found;
  }

  /** The index of the last one taken at or before `atMs`; -1 where none was. */
  #lastUntil(atMs: number): number {
    let from = 0;
    let until = this.#holders.length;
    while (from < until) {
      const middle = (from + until) >> 1;
      if (this.#holders[middle]!.takenAtMs <= atMs) from = middle + 1;
      else until = middle;
    }
    return from - 1;
  }

  #sweep(): void {
    let kept = 0;
    for (const holder of this.#holders) if (!holder.hasEnded) this.#holders[kept++] = holder;
    this.#holders.length = kept;
    this.#ended = 0;
  }
}
