/// <reference lib="esnext.disposable" preserve="true" />
import type { Outcome } from '../limits/limit.js';
import { noMoreAborted, whenAborted } from './aborting.js';
import type { Cost } from './cost.js';
import { currentContext, type AsyncContext } from './node.js';
import { placeOf } from './place.js';
import { Waiter } from './waiter.js';

export interface AcquireOptions {
  /** What the work costs, at least 0. @defaultValue 1 */
  readonly cost?: Cost;
  /** Whose work it is: between keys the limiter is fair. @defaultValue nobody's in particular */
  readonly key?: unknown;
  /** The key's share beside others, more than 0. @defaultValue 1 */
  readonly weight?: number;
  /** Work of a higher priority goes before all of a lower one. @defaultValue 0 */
  readonly priority?: number;
  /** What `explain` finds it by while it waits. */
  readonly id?: unknown;
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

/** What a waiter asks of its limiter, and tells it once admitted. */
export interface Admitter {
  /** Queues a waiter, or admits it on the spot. */
  enter(waiter: Waiter): void;
  /** Gives up a place in the queue; false where the waiter has none any more. */
  leave(waiter: Waiter): boolean;
  /** Ends the work admitted at `takenAtMs`; exactly once. */
  release(cost: Cost, takenAtMs: number, outcome: Outcome, key?: unknown): void;
  /** As `release`, for work that never started. */
  refund(cost: Cost, takenAtMs: number, key?: unknown): void;
  /** Admits who waits and may start now. */
  admitWaiting(): void;
  /** How work that failed with `error` has ended; a refusal is acted upon. */
  outcomeOf(error: unknown): Outcome;
}

/** A place in the queue that a promise stands for, and which a signal can give up. */
export abstract class PromisedWaiter extends Waiter {
  protected readonly limiter: Admitter;
  protected readonly reject: (reason: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #id: unknown;

  constructor(limiter: Admitter, reject: (reason: unknown) => void, options: AcquireOptions) {
    const { cost = 1, signal } = options;
    super(cost, placeOf(options));
    this.limiter = limiter;
    this.reject = reject;
    this.#signal = signal;
    this.#id = options.id;
  }

  /** Takes its place, unless the signal has fired already. */
  enter(): void {
    try {
      this.#signal?.throwIfAborted();
      this.limiter.enter(this);
      if (this.isQueued) this.queued();
    } catch (error) {
      this.reject(error);
    }
  }

  override get label(): unknown {
    return this.#id;
  }

  /** The signal has fired. */
  aborted(): void {
    if (this.limiter.leave(this)) this.reject(this.#signal?.reason);
  }

  admitted(atMs: number): void {
    this.#stopListening();
    if (this.#signal?.aborted !== true) {
      this.started(atMs);
      return;
    }
    // Somebody else whom the signal stops has left first, and so made room.
    this.limiter.refund(this.cost, atMs, this.place.key);
    this.reject(this.#signal.reason);
  }

  dropped(error: Error): void {
    this.#stopListening();
    this.reject(error);
  }

  /** It has a place: from here on the signal can give that up. */
  protected queued(): void {
    if (this.#signal === undefined) return;
    // To come may let others start, and their work may have fired it.
    if (this.#signal.aborted) this.aborted();
    else whenAborted(this.#signal, this);
  }

  /** It is admitted, and still wanted. */
  protected abstract started(atMs: number): void;

  #stopListening(): void {
    if (this.#signal !== undefined) noMoreAborted(this.#signal, this);
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

  protected started(atMs: number): void {
    this.#takenAtMs = atMs;
    this.#resolve(this);
  }
}

/**
 * `limiter.run`: starts the work as it is admitted, so that what is counted is the start itself; in the asynchronous
 * context of whoever asked for it, whoever makes room.
 */
export class Run<T> extends PromisedWaiter {
  readonly #work: () => T | PromiseLike<T>;
  readonly #resolve: (value: T) => void;
  #context: AsyncContext | undefined = undefined;

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

  protected override queued(): void {
    this.#context = currentContext();
    super.queued();
  }

  protected started(atMs: number): void {
    if (this.#context === undefined) this.#begin(atMs);
    else this.#context.runInAsyncScope(() => this.#begin(atMs));
  }

  #begin(atMs: number): void {
    try {
      const result = this.#work();
      // Closures for those who run, not for all who wait.
      if (!isThenable(result)) this.#succeeded(result, atMs);
      else {
        // Whatever it is, it settles once.
        Promise.resolve(result).then(
          (value) => this.#succeeded(value, atMs),
          (error: unknown) => this.#failed(error, atMs),
        );
      }
    } catch (error) {
      this.#failed(error, atMs);
    }
  }

  #succeeded(value: T, atMs: number): void {
    this.limiter.release(this.cost, atMs, 'succeeded', this.place.key);
    this.limiter.admitWaiting();
    this.#resolve(value);
  }

  #failed(error: unknown, atMs: number): void {
    this.limiter.release(this.cost, atMs, this.limiter.outcomeOf(error), this.place.key);
    this.limiter.admitWaiting();
    this.reject(error);
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  const canHaveMembers = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return canHaveMembers && 'then' in value && typeof value.then === 'function';
}
