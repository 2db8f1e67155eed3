import type { Outcome } from '../limits/limit.js';
import { placeOf, Waiter, type Admitter, type Cost } from './waiter.js';

export interface AcquireOptions {
  /** What the work costs. @defaultValue 1 */
  readonly cost?: Cost;
  /** Whose work it is: between keys the limiter is fair. @defaultValue nobody's in particular */
  readonly key?: unknown;
  /** The key's share beside others, more than 0. @defaultValue 1 */
  readonly weight?: number;
  /** Work of a higher priority goes before all of a lower one. @defaultValue 0 */
  readonly priority?: number;
  /** Gives the place in the queue up. Work that has started is its own to stop. */
  readonly signal?: AbortSignal | undefined;
}

/** The right to work, until it is released. */
export interface Permit {
  readonly cost: Cost;
  /** Gives the permit back; once is enough, more does nothing. @defaultValue 'succeeded' */
  release(outcome?: Outcome): void;
  [Symbol.dispose](): void;
}

/** A place in the queue that a promise stands for, and which a signal can give up. */
abstract class PromisedWaiter extends Waiter {
  protected readonly limiter: Admitter;
  protected readonly reject: (reason: unknown) => void;
  readonly #signal: AbortSignal | undefined;

  constructor(limiter: Admitter, reject: (reason: unknown) => void, options: AcquireOptions) {
    const { cost = 1, signal } = options;
    super(cost, placeOf(options));
    this.limiter = limiter;
    this.reject = reject;
    this.#signal = signal;
    signal?.addEventListener('abort', this);
  }

  handleEvent(): void {
    this.stopListening();
    if (this.limiter.leave(this)) this.reject(this.#signal?.reason);
  }

  dropped(error: Error): void {
    this.stopListening();
    this.reject(error);
  }

  protected stopListening(): void {
    this.#signal?.removeEventListener('abort', this);
  }
}

/** `limiter.acquire`: once admitted, it is the permit. */
export class Acquisition extends PromisedWaiter implements Permit {
  readonly #resolve: (permit: Permit) => void;
  #takenAtMs: number | undefined = undefined;

  constructor(
    limiter: Admitter,
    resolve: (permit: Permit) => void,
    reject: (reason: unknown) => void,
    options: AcquireOptions,
  ) {
    super(limiter, reject, options);
    this.#resolve = resolve;
  }

  admitted(atMs: number): void {
    this.stopListening();
    this.#takenAtMs = atMs;
    this.#resolve(this);
  }

  release(outcome: Outcome = 'succeeded'): void {
    if (this.#takenAtMs === undefined) return;
    const takenAtMs = this.#takenAtMs;
    this.#takenAtMs = undefined;
    this.limiter.release(this.cost, takenAtMs, outcome, this.place.key);
    this.limiter.admitWaiting();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/** `limiter.run`: starts the work as it is admitted, so that what is counted is the start itself. */
export class Run<T> extends PromisedWaiter {
  readonly #work: () => T | PromiseLike<T>;
  readonly #resolve: (value: T) => void;
  #takenAtMs = 0;

  constructor(
    limiter: Admitter,
    work: () => T | PromiseLike<T>,
    resolve: (value: T) => void,
    reject: (reason: unknown) => void,
    options: AcquireOptions,
  ) {
    super(limiter, reject, options);
    this.#work = work;
    this.#resolve = resolve;
  }

  admitted(atMs: number): void {
    this.stopListening();
    this.#takenAtMs = atMs;
    try {
      const result = this.#work();
      if (isThenable(result)) result.then(this.#succeeded, this.#failed);
      else this.#succeeded(result);
    } catch (error) {
      this.#failed(error);
    }
  }

  readonly #succeeded = (value: T): void => {
    this.limiter.release(this.cost, this.#takenAtMs, 'succeeded', this.place.key);
    this.limiter.admitWaiting();
    this.#resolve(value);
  };

  readonly #failed = (error: unknown): void => {
    this.limiter.release(this.cost, this.#takenAtMs, this.limiter.outcomeOf(error), this.place.key);
    this.limiter.admitWaiting();
    this.reject(error);
  };
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
