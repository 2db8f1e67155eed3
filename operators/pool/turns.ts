import { QueueFullError } from '../../src/errors.js';
import type { Cost } from '../../src/limiter/cost.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { commonPlace, type Place } from '../../src/limiter/place.js';
import type { QueueSettings } from '../../src/limiter/queueSettings.js';
import type { Admission } from '../../src/limiter/waiter.js';
import type { Outcome } from '../../src/limits/limit.js';
import type { Classify } from '../../src/refusal.js';
import { Ring } from './ring.js';
import { WaitingValues } from './waitingValues.js';

/**
 * Starts a value's work; its admission, and since when, are to be handed back to `release`. `number` is that of its coming,
 * where values may start in another order than that in which they came.
 */
export type Start<T> = (value: T, admission: Admission, atMs: number, number?: number) => void;

/** A value was given up, with the number of its coming as for `Start`. */
export type OnDropped = (error?: Error, number?: number) => void;

/** Whose turn it is: keeps values until they may start. */
export interface Turns<T> {
  /** True when no value waits. */
  readonly isEmpty: boolean;
  /** Starts the value, or keeps it. @throws QueueFullError, CostOverCapacityError */
  offer(value: T): void;
  /** One that was started has ended; `error` where it failed. Starts nothing yet. */
  release(admission: Admission, atMs: number, error?: { readonly reason: unknown }): void;
  /** Starts what may start now. */
  advance(): void;
  /** Forgets what waits. Returns the numbers of those, as for `Start`. */
  close(): readonly number[];
}

const ownAdmission: Admission = { cost: 1, place: commonPlace };

/** The turns of one subscription: a count and a ring of values. */
export class OwnTurns<T> implements Turns<T> {
  readonly #limit: number;
  readonly #queue: QueueSettings;
  readonly #start: Start<T>;
  readonly #onDropped: OnDropped;
  #waiting = new Ring<T>();
  #active = 0;
  #isAdvancing = false;

  constructor(limit: number, queue: QueueSettings, start: Start<T>, onDropped: OnDropped) {
    this.#limit = limit;
    this.#queue = queue;
    this.#start = start;
    this.#onDropped = onDropped;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  offer(value: T): void {
    this.#waiting.push(value);
    this.advance();
    // From within work that starts, some of those who wait may start right after.
    const starting = this.#limit - this.#active;
    if (this.#waiting.size - starting > this.#queue.maxSize) this.#shed();
  }

  release(): void {
    this.#active--;
  }

  advance(): void {
    // Work that ends at once, or that brings new values, comes back here: the loop below goes on with it.
    if (this.#isAdvancing) return;
    this.#isAdvancing = true;
    while (this.#active < this.#limit && this.#waiting.size > 0) {
      this.#active++;
      this.#start(this.#waiting.take(), ownAdmission, 0);
    }
    this.#isAdvancing = false;
  }

  close(): readonly number[] {
    this.#waiting = new Ring();
    return [];
  }

  #shed(): void {
    const { maxSize, overflow } = this.#queue;
    if (overflow === 'drop-oldest') this.#waiting.take();
    else this.#waiting.takeNewest();
    if (overflow === 'error') throw new QueueFullError(maxSize);
    this.#onDropped();
  }
}

/** How a limiter is to take the values. */
export interface LimiterUse<T> {
  readonly limiter: Limiter;
  readonly cost: (value: T) => Cost;
  readonly place: (value: T) => Place;
  /** What an error means; undefined: as the limiter says. */
  readonly classify: Classify | undefined;
}

/** The turns that a limiter gives, which others may share. */
export class LimiterTurns<T> implements Turns<T> {
  readonly #use: LimiterUse<T>;
  readonly #waiting: WaitingValues<T>;

  constructor(use: LimiterUse<T>, start: Start<T>, onDropped: OnDropped) {
    this.#use = use;
    this.#waiting = new WaitingValues(use.limiter, { admitted: start, dropped: onDropped });
  }

  get isEmpty(): boolean {
    return this.#waiting.isEmpty;
  }

  offer(value: T): void {
    this.#waiting.enter(value, this.#use.cost(value), this.#use.place(value));
  }

  release(admission: Admission, atMs: number, error?: { readonly reason: unknown }): void {
    const { limiter, classify } = this.#use;
    releaseTo(limiter, admission, atMs, error, classify);
  }

  advance(): void {
    this.#use.limiter.admitWaiting();
  }

  close(): readonly number[] {
    return this.#waiting.leaveAll();
  }
}

/** Gives a permit back to its limiter, with how the work ended; also where `classify` throws, which is the stream's error. */
export function releaseTo(
  limiter: Limiter,
  { cost, place }: Admission,
  atMs: number,
  error?: { readonly reason: unknown },
  classify?: Classify,
): void {
  let outcome: Outcome = 'failed';
  try {
    const refusal = error && classify?.(error.reason);
    outcome = error === undefined ? 'succeeded' : limiter.outcomeOf(error.reason, refusal && (() => refusal));
  } finally {
    limiter.release(cost, atMs, outcome, place.key);
  }
}
