import { from, type ObservableInput, type Observer, type Subscription } from 'rxjs';
import type { Admission } from '../../src/limiter/waiter.js';
import { connect } from './connect.js';

/** What a projection gets beside its item. */
export interface ProjectionContext {
  /** Aborted when the result is unsubscribed from, or when another item's error ends it. Made when first read. */
  readonly signal: AbortSignal;
}

/** Whose job it is: it passes results on, and gives the permit back. */
export interface JobOwner<R> {
  /** True once nobody listens any more. */
  readonly isClosed: boolean;
  /** It is to be stopped as the subscription ends. */
  keepStoppable(job: Job<R>): void;
  emit(job: Job<R>, value: R): void;
  /** It has ended well; `result` holds its one value where it is emitted only now. */
  ended(job: Job<R>, result?: { readonly value: R }): void;
  failed(job: Job<R>, reason: unknown): void;
  /** It was stopped from here: its permit goes back, and nobody is told. */
  stopped(job: Job<R>): void;
}

/** The work of one item: what its projection sees, and the observer of its result. */
export class Job<R> implements ProjectionContext, Observer<R> {
  /** The number of its start, which its projection is told. */
  readonly index: number;
  /** That of its coming, as for `Start`: by it results are put in the order of the source. */
  readonly number: number;
  readonly admission: Admission;
  readonly atMs: number;
  readonly #owner: JobOwner<R>;
  #controller: AbortController | undefined = undefined;
  #subscription: Subscription | undefined = undefined;
  #isOver = false;

  constructor(owner: JobOwner<R>, index: number, number: number, admission: Admission, atMs: number) {
    this.#owner = owner;
    this.index = index;
    this.number = number;
    this.admission = admission;
    this.atMs = atMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#owner.isClosed) this.#controller.abort();
      else if (!this.#isOver) this.#owner.keepStoppable(this);
    }
    return this.#controller.signal;
  }

  follow(result: ObservableInput<R>): void {
    if (isPromiseLike(result)) {
      result.then(
        (value) => this.#resolve(value),
        (error: unknown) => this.error(error),
      );
      return;
    }
    if (this.#owner.isClosed) {
      this.#isOver = true;
      this.#owner.stopped(this);
      return;
    }
    this.#owner.keepStoppable(this);
    connect(from(result), this, (subscription) => (this.#subscription = subscription));
  }

  next(value: R): void {
    this.#owner.emit(this, value);
  }

  error(error: unknown): void {
    this.#end(() => this.#owner.failed(this, error));
  }

  complete(): void {
    this.#end(() => this.#owner.ended(this));
  }

  /**
   * Aborts and unsubscribes. A promise runs on until it settles, and holds its permit until then; a projection that has
   * not returned yet is seen to when it does.
   */
  stop(): void {
    this.#controller?.abort();
    if (this.#subscription === undefined || this.#isOver) return;
    this.#isOver = true;
    try {
      this.#subscription.unsubscribe();
    } finally {
      this.#owner.stopped(this);
    }
  }

  /** Work has ended when it has cleaned up after itself, and only then makes room for other work. */
  #end(told: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#subscription === undefined) told();
    else this.#subscription.add(told);
  }

  #resolve(value: R): void {
    // A promise of another make may settle twice: its permit goes back once.
    if (this.#isOver) return;
    this.#isOver = true;
    this.#owner.ended(this, { value });
  }
}

function isPromiseLike<R>(result: ObservableInput<R>): result is PromiseLike<R> {
  if (result instanceof Promise) return true;
  // What is no input at all, `from` says so.
  const { subscribe, then } = Object(result) as Record<string, unknown>;
  return subscribe === undefined && typeof then === 'function';
}
