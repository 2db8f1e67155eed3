import type { Limiter } from '../../operators/index.js';

/** What a queue waits for where no limit holds it; a limiter never lets time pass so. */
export const nothing = 'nothing';

/** For how long each limit has held the queue of a limiter. */
export class HeldTimes {
  readonly #limiter: Limiter;
  readonly #totalMs = new Map<string, number>();

  constructor(limiter: Limiter) {
    this.#limiter = limiter;
  }

  /** To be called before `ms` go by, in which nothing happens. */
  pass(ms: number): void {
    if (this.#limiter.waiting === 0 || ms === 0) return;
    // Nothing here has an id: this is about the one whose turn is next.
    const name = this.#limiter.explain(undefined)?.heldBy ?? nothing;
    this.#totalMs.set(name, (this.#totalMs.get(name) ?? 0) + ms);
  }

  /** How much each has held since `before`. */
  since(before: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const passed = [...this.#totalMs].map(([name, ms]) => [name, ms - (before.get(name) ?? 0)] as const);
    return new Map(passed.filter(([, ms]) => ms > 0));
  }

  now(): ReadonlyMap<string, number> {
    return new Map(this.#totalMs);
  }
}
