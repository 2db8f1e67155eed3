import { Subscription, type ObservableInput, type Observer, type Subscriber, type Unsubscribable } from 'rxjs';
import type { Admission } from '../../src/limiter/waiter.js';
import { InOrder } from './inOrder.js';
import { Job, type JobOwner, type ProjectionContext } from './job.js';
import { reportUnhandled } from './reportUnhandled.js';
import type { OnDropped, Start, Turns } from './turns.js';

/** Turns an item into work. */
export type Project<T, R> = (value: T, index: number, context: ProjectionContext) => ObservableInput<R>;

/**
 * One subscription: starts work as its turn comes, and passes its results on. What a clean-up further down throws as the
 * stream ends is reported, and keeps nobody else who shares the limiter from his turn.
 */
export class Pool<T, R> implements Observer<T>, JobOwner<R> {
  readonly #project: Project<T, R>;
  readonly #turns: Turns<T>;
  readonly #subscriber: Subscriber<R>;
  readonly #inOrder: InOrder<R> | undefined;
  /** What must be stopped when the subscription ends. */
  readonly #stoppable = new Set<Job<R>>();
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

  emit(job: Job<R>, value: R): void {
    if (this.#inOrder === undefined) this.#subscriber.next(value);
    else this.#inOrder.next(job.number, value);
  }

  ended(job: Job<R>, result?: { readonly value: R }): void {
    this.#release(job);
    try {
      if (result !== undefined) this.emit(job, result.value);
      this.#inOrder?.end(job.number);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
    // Only now: whoever ends the source or stops us amid these results gets them all.
    this.#active--;
    this.#turns.advance();
    this.#completeIfDone();
  }

  failed(job: Job<R>, reason: unknown): void {
    let error = reason;
    try {
      this.#release(job, { reason });
    } catch (ofClassify) {
      error = ofClassify;
    }
    this.error(error);
    this.#turns.advance();
  }

  stopped(job: Job<R>): void {
    this.#release(job);
    this.#turns.advance();
  }

  keepStoppable(job: Job<R>): void {
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

  #release(job: Job<R>, error?: { readonly reason: unknown }): void {
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
