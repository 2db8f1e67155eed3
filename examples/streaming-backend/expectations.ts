import type { Explanation } from 'sluice';

export interface Slots {
  /** Of the account, and of one person. */
  readonly all: number;
  readonly each: number;
}

/** How long things are going to take, as far as can be said from how long they have taken. */
export class Expectations {
  readonly #slots: Slots;
  #typicalMs: number;

  /** @param typicalMs how long a task takes, until one has ended */
  constructor(slots: Slots, typicalMs: number) {
    this.#slots = slots;
    this.#typicalMs = typicalMs;
  }

  /** How long a task takes. */
  get typicalMs(): number {
    return this.#typicalMs;
  }

  /** The last tasks count for most. */
  learn(tookMs: number): void {
    this.#typicalMs += (tookMs - this.#typicalMs) / 4;
  }

  /** Until its turn: slots come free evenly, all of them for all, a person's few for those of the person. */
  startsInMs({ ahead, place }: Explanation): number {
    return this.#typicalMs * Math.max((ahead + 1) / this.#slots.all, (place + 1) / this.#slots.each);
  }

  /** Until the next slot comes free: a second at least. */
  nextFreeMs(): number {
    return Math.max(1_000, this.#typicalMs / this.#slots.all);
  }
}
