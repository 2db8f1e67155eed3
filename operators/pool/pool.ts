import { from, Subscription, type ObservableInput, type Observer, type Subscriber, type Unsubscribable } from 'rxjs';
import type { Admission } from '../../src/limiter/waiter.js';
import { InOrder } from './inOrder.js';
import type { OnDropped, Start, Turns } from './turns.js';
import { reportUnhandled } from './reportUnhandled.js';
import { connect } from './upstream.js';

/** What a projection gets beside its item. */
export interface ProjectionContext {
  /** Aborted when the result is unsubscribed from, or when another item's error ends it. Made when first read. */
  readonly signal: AbortSignal;
}

/** Turns an item into work. */
export type Project<T, R> = (value: T, index: number, context: ProjectionContext) => ObservableInput<R>;

/**
 * One subscription: starts work as its turn comes, and passes its results on. What a clean-up further down throws as the
 * stream ends is reported, and keeps nobody else who shares the limiter from his turn.
 */
export class Pool<T, R> implements Observer<T> {
  readonly #project: Project<T, R>;
  readonly #turns: Turns<T>;
  readonly #subscriber: Subscriber<R>;
  readonly #inOrder: InOrder<R> | undefined;
  /** What must be stopped when the subscription ends. */
  readonly #stoppable = new Set<Job<T, R>>();
  #started = 0;
  /** How much has started and not ended well. */
  #active = 0;
  #isSourceDone = false;

  constructor(
    project: Project<T, unknown>,
    turns: (start: Start<T>, onDropped: OnDropped) => Turns<T>,
    isOrdered: boolean,
    subscriber: Subscriber<R>,
  ) {
    this.#project = project as Project<T, R>;
    this.#subscriber = subscriber;
    this.#inOrder = isOrdered ? new InOrder((value) => subscriber.next(value)) : undefined;
    this.#turns = turns(
      (value, admission, atMs, number) => this.#start(value, admission, atMs, number),
      (error, number) => this.#dropped(error, number),
    );
    subscriber.add(() => this.#close());
  }

  /** True once nobody listens any more. */
  get isClosed(): boolean {
    return this.#subscriber.closed;
  }

  next(value: T): void {
    // Stopping work may feed a source that is only then unsubscribed from.
    if (this.isClosed) return;
    try {
      this.#turns.offer(value);
    } catch (error) {
      this.error(error);
    }
  }

  error(error: unknown): void {
    try {
      this.#subscriber.error(error);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  complete(): void {
    this.#isSourceDone = true;
    this.#completeIfDone();
  }

  /** Takes no more and forgets what waits; what runs ends in its own time. */
  stopTaking(upstream: Unsubscribable): void {
    upstream.unsubscribe();
    for (const number of this.#turns.close()) this.#inOrder?.end(number);
    this.complete();
  }

  emit(job: Job<T, R>, value: R): void {
    if (this.#inOrder === undefined) this.#subscriber.next(value);
    else this.#inOrder.next(job.place, value);
  }

  /** The job has ended well; `result` holds its one value where it is emitted only now. */
  ended(job: Job<T, R>, result?: { readonly value: R }): void {
    this.#release(job);
    try {
      if (result !== undefined) this.emit(job, result.value);
      this.#inOrder?.end(job.place);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
    // Only now: whoever ends the source or stops us amid these results gets them all.
    this.#active--;
    this.#turns.advance();
    this.#completeIfDone();
  }

  failed(job: Job<T, R>, reason: unknown): void {
    let error = reason;
    try {
      this.#release(job, { reason });
    } catch (ofClassify) {
      error = ofClassify;
    }
    this.error(error);
    this.#turns.advance();
  }

  /** The job was stopped from here: its permit goes back, and nobody is told. */
  stopped(job: Job<T, R>): void {
    this.#release(job);
    this.#turns.advance();
  }

  keepStoppable(job: Job<T, R>): void {
    this.#stoppable.add(job);
  }

  #start(value: T, admission: Admission, atMs: number, number = this.#started): void {
    this.#active++;
    const job = new Job(this, this.#started++, number, admission, atMs);
    try {
      job.follow(this.#project(value, job.index, job));
    } catch (error) {
      job.error(error);
    }
  }

  #dropped(error: Error | undefined, number: number | undefined): void {
    if (error !== undefined) this.error(error);
    // Nobody waits for the results of what never starts.
    if (number !== undefined) this.#inOrder?.end(number);
    this.#completeIfDone();
  }

  /** Forgets what waits and stops what runs. */
  #close(): void {
    this.#turns.close();
    // A clean-up that throws keeps no other from its own.
    const stops = new Subscription();
    for (const job of this.#stoppable) stops.add(() => job.stop());
    stops.unsubscribe();
  }

  #release(job: Job<T, R>, error?: { readonly reason: unknown }): void {
    this.#stoppable.delete(job);
    this.#turns.release(job.admission, job.atMs, error);
  }

  #completeIfDone(): void {
    if (!this.#isSourceDone || this.#active > 0 || !this.#turns.isEmpty) return;
    try {
      this.#subscriber.complete();
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }
}

/** The work of one item: what its projection sees, and the observer of its result. */
class Job<T, R> implements ProjectionContext, Observer<R> {
  readonly index: number;
  /** Where its results stand, where they are to be in the order of the source. */
  readonly place: number;
  readonly admission: Admission;
  readonly atMs: number;
  readonly #pool: Pool<T, R>;
  #controller: AbortController | undefined = undefined;
  #subscription: Subscription | undefined = undefined;
  #isOver = false;

  constructor(pool: Pool<T, R>, index: number, place: number, admission: Admission, atMs: number) {
    this.#pool = pool;
    this.index = index;
    this.place = place;
    this.admission = admission;
    this.atMs = atMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#pool.isClosed) this.#controller.abort();
      else if (!this.#isOver) this.#pool.keepStoppable(this);
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
    if (this.#pool.isClosed) {
      this.#isOver = true;
      this.#pool.stopped(this);
      return;
    }
    this.#pool.keepStoppable(this);
    connect(from(result), this, (subscription) => (this.#subscription = subscription));
  }

  next(value: R): void {
    this.#pool.emit(this, value);
  }

  error(error: unknown): void {
    this.#end(() => this.#pool.failed(this, error));
  }

  complete(): void {
    this.#end(() => this.#pool.ended(this));
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
      this.#pool.stopped(this);
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
    this.#pool.ended(this, { value });
  }
}

function isPromiseLike<R>(result: ObservableInput<R>): result is PromiseLike<R> {
  if (result instanceof Promise) return true;
  // What is no input at all, `from` says so.
  const { subscribe, then } = Object(result) as Record<string, unknown>;
  return subscribe === undefined && typeof then === 'function';
}
