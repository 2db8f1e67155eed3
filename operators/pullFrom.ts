import { Observable, type ObservableInput, type ObservedValueOf } from 'rxjs';
import * as z from 'zod/mini';
import type { Cost } from '../src/limiter/cost.js';
import { createLimiter } from '../src/limiter/createLimiter.js';
import type { Limiter } from '../src/limiter/limiter.js';
import { placeOf, type Place } from '../src/limiter/place.js';
import { Waiter, type Admission } from '../src/limiter/waiter.js';
import { concurrency } from '../src/limits/concurrency.js';
import { costOrCosts, having, parseOptions, positive, positiveCount } from '../src/options.js';
import { clockFrom, timeShape, type TimeOptions } from './time/clock.js';
import type { ProjectionContext } from './pool/job.js';
import { Pool } from './pool/pool.js';
import { reportUnhandled } from './pool/reportUnhandled.js';
import { releaseTo, type Start, type Turns } from './pool/turns.js';

/** Either `limit`, or a `limiter`. */
export interface PullFromOptions extends TimeOptions {
  /** How many may be in flight at once: an integer of at least 1. This, or else a `limiter`. */
  readonly limit?: number;
  /** A limiter to share; a permit is taken before a value is pulled, and held to the end of its result. */
  readonly limiter?: Limiter;
  /** What each value costs in the `limiter`, at least 0: it is paid before the value is known. @defaultValue 1 */
  readonly cost?: Cost;
  /** Whose work all of it is: between keys the limiter is fair. @defaultValue nobody's in particular */
  readonly key?: unknown;
  /** Its share beside other keys, more than 0. @defaultValue 1 */
  readonly weight?: number;
  /** Work of a higher priority goes before all of a lower one. @defaultValue 0 */
  readonly priority?: number;
  /** True: results in the order of the source. @defaultValue false */
  readonly ordered?: boolean;
}

const schema = z
  .strictObject({
    limit: z.optional(positiveCount),
    limiter: z.optional(having<Limiter>('enter')),
    cost: z._default(costOrCosts, 1),
    key: z.optional(z.unknown()),
    weight: z._default(positive, 1),
    priority: z._default(z.number(), 0),
    ordered: z._default(z.boolean(), false),
    ...timeShape,
  })
  .check(
    z.refine((it) => (it.limiter === undefined) !== (it.limit === undefined), {
      error: 'give either limit, or a limiter',
    }),
  );

/**
 * Pulls an iterable only as permits come free, and projects each value to work: nothing is queued, so that a file of ten
 * million prompts goes through in flat memory.
 *
 * ```
 *  pulls    (ab)--(c|)
 *           pullFrom(source, (x) => work(x), { limit: 2 })     work: -----x|
 *  result   -----(ab)--c|
 * ```
 *
 * As `concurrencyLimit`, but for who is asked for the next value: there the source pushes, here it is pulled. An
 * asynchronous iterable is asked for one value at a time. Unsubscribing, and an error, end the iterable (`return`),
 * unsubscribe and abort what runs. Where an asynchronous iterable fails as it is ended so, that is reported as RxJS does
 * (`config.onUnhandledError`, or thrown on its own).
 *
 * @throws OptionsError; the stream errors as the iterable or any work does, or with what a shared limiter refuses
 */
export function pullFrom<T, O extends ObservableInput<unknown>>(
  source: Iterable<T> | AsyncIterable<T>,
  project: (value: T, index: number, context: ProjectionContext) => O,
  options: PullFromOptions,
): Observable<ObservedValueOf<O>> {
  const parsed = parseOptions(schema, options, 'pullFrom');
  const { limiter, cost, ordered, key, weight, priority } = parsed;
  const place = placeOf({ key, weight, priority });
  return new Observable((subscriber) => {
    const puller = new Puller<T>(limiter ?? ownLimiter(parsed), cost, place);
    const pool = new Pool<T, ObservedValueOf<O>>(project, (start) => puller.startingWith(start), ordered, subscriber);
    subscriber.add(() => puller.end());
    puller.pull(source, pool);
  });
}

function ownLimiter(options: z.output<typeof schema>): Limiter {
  return createLimiter({ limits: [concurrency({ limit: options.limit ?? 1 })], clock: clockFrom(options) });
}

/** Waits for a permit, pulls a value, starts it, waits again: one waiter in the limiter, however long the source. */
class Puller<T> extends Waiter implements Turns<T> {
  readonly #limiter: Limiter;
  #start: Start<T> = () => undefined;
  #pool: Pick<Pool<T, unknown>, 'complete' | 'error'> | undefined;
  #iterator: Iterator<T> | AsyncIterator<T> | undefined;
  /** Since when it has a permit whose value has not come yet. */
  #permitAtMs: number | undefined;
  #isOver = false;

  constructor(limiter: Limiter, cost: Cost, place: Place) {
    super(cost, place);
    this.#limiter = limiter;
  }

  get isEmpty(): boolean {
    return this.#isOver;
  }

  startingWith(start: Start<T>): this {
    this.#start = start;
    return this;
  }

  pull(source: Iterable<T> | AsyncIterable<T>, pool: Pick<Pool<T, unknown>, 'complete' | 'error'>): void {
    this.#pool = pool;
    try {
      this.#iterator = isAsync(source) ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
      this.#queueUp();
    } catch (error) {
      pool.error(error);
    }
  }

  admitted(atMs: number): void {
    this.#permitAtMs = atMs;
    try {
      const result = this.#iterator!.next();
      if ('then' in result) void this.#await(result);
      else this.#take(result);
    } catch (error) {
      this.#fail(error);
    }
  }

  dropped(error: Error): void {
    this.#pool?.error(error);
  }

  offer(): never {
    throw new Error('values are pulled, never offered');
  }

  release(admission: Admission, atMs: number, error?: { readonly reason: unknown }): void {
    releaseTo(this.#limiter, admission, atMs, error);
  }

  advance(): void {
    this.#limiter.admitWaiting();
  }

  close(): readonly number[] {
    this.#limiter.leave(this);
    if (this.#permitAtMs !== undefined) {
      this.#giveBack();
      this.#limiter.admitWaiting();
    }
    return [];
  }

  /** Ends the iterable, unless it has ended by itself. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    Promise.resolve(this.#iterator?.return?.()).catch(reportUnhandled);
  }

  async #await(result: Promise<IteratorResult<T>>): Promise<void> {
    try {
      this.#take(await result);
    } catch (error) {
      this.#fail(error);
    }
    this.#limiter.admitWaiting();
  }

  #take(result: IteratorResult<T>): void {
    // Nobody listens any more: the permit went back as they left.
    if (this.#permitAtMs === undefined) return;
    if (result.done === true) {
      this.#isOver = true;
      this.#giveBack();
      this.#pool?.complete();
      return;
    }
    const atMs = this.#permitAtMs;
    this.#permitAtMs = undefined;
    this.#start(result.value, this, atMs);
    if (!this.#isOver) this.#queueUp();
  }

  /** A full queue ends the stream, and with it the iterable. */
  #queueUp(): void {
    try {
      this.#limiter.enter(this);
    } catch (error) {
      this.#pool?.error(error);
    }
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#giveBack();
    this.#pool?.error(error);
  }

  #giveBack(): void {
    if (this.#permitAtMs === undefined) return;
    this.#limiter.refund(this.cost, this.#permitAtMs, this.place.key);
    this.#permitAtMs = undefined;
  }
}

function isAsync<T>(source: Iterable<T> | AsyncIterable<T>): source is AsyncIterable<T> {
  // A string is an iterable too, and no object.
  return typeof source !== 'string' && Symbol.asyncIterator in source;
}
