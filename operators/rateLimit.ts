import { Observable, type MonoTypeOperatorFunction, type Observer, type Subscriber } from 'rxjs';
import * as z from 'zod/mini';
import type { Cost } from '../src/limiter/cost.js';
import { createLimiter } from '../src/limiter/createLimiter.js';
import type { Limiter } from '../src/limiter/limiter.js';
import type { Place } from '../src/limiter/place.js';
import { queueSchema, type Overflow } from '../src/limiter/queueSettings.js';
import type { Admission } from '../src/limiter/waiter.js';
import { evenly } from '../src/limits/evenly.js';
import { slidingWindow } from '../src/limits/slidingWindow.js';
import { callback, having, parseOptions, positiveCount, positiveMs } from '../src/options.js';
import { clockFrom, timeShape, type TimeOptions } from './time/clock.js';
import { placing, placingShape, type PlacingOptions } from './pool/placing.js';
import { connect } from './pool/connect.js';
import { WaitingValues, type ValueReceiver } from './pool/waitingValues.js';

/** Either `limit` and `intervalMs`, or a `limiter`. */
export interface RateLimitOptions<T> extends TimeOptions, PlacingOptions<T> {
  /** The most units in any window of `intervalMs`: an integer of at least 1. Together with it, or else a `limiter`. */
  readonly limit?: number;
  /** The length of the window, in ms; more than 0. */
  readonly intervalMs?: number;
  /**
   * `burst`: up to `limit` at once; `even`: `intervalMs / limit` apart. Not beside a `limiter`.
   * @defaultValue 'burst'
   */
  readonly spacing?: 'burst' | 'even';
  /** A limiter to share, instead of one of this subscription's own. */
  readonly limiter?: Limiter;
  /** What a value costs, at least 0. @defaultValue 1 */
  readonly cost?: (value: T) => Cost;
  /**
   * How many values may wait (an integer of at least 1, or Infinity), and what happens to one more.
   * @defaultValue unbounded, 'error'
   */
  readonly queue?: { readonly maxSize: number; readonly overflow?: Overflow | undefined };
}

const schema = z
  .strictObject({
    limit: z.optional(positiveCount),
    intervalMs: z.optional(positiveMs),
    spacing: z.optional(z.enum(['burst', 'even'])),
    limiter: z.optional(having<Limiter>('enter')),
    cost: z._default(callback<(value: unknown) => Cost>(), () => () => 1),
    ...placingShape,
    queue: z.optional(queueSchema),
    ...timeShape,
  })
  .check(
    z.refine(
      ({ limiter, limit, intervalMs }) => (limiter === undefined ? limit && intervalMs : !limit && !intervalMs),
      { error: 'give either limit and intervalMs, or a limiter' },
    ),
    z.refine((it) => it.limiter === undefined || it.spacing === undefined, {
      error: 'a shared limiter spaces as its limits do: give evenly() to createLimiter',
    }),
    z.refine((it) => it.limiter === undefined || it.queue === undefined, {
      error: 'a shared limiter has a queue of its own: give queue to createLimiter',
    }),
  );

/**
 * Delays values so that no window of `intervalMs` ever sees more than `limit` of them; drops nothing, keeps their order,
 * and is never later than that needs.
 *
 * ```
 *  source   -abcd-------|
 *           rateLimit({ limit: 2, intervalMs: 5 })
 *  result   -ab---cd----|
 * ```
 *
 * The state is a subscription's own unless a `limiter` is passed: then all who hold it share its limits, in the order in
 * which their values came. What is counted is the moment of passing; where the work behind it has an end, `limiter.run`
 * or `concurrencyLimit({ limiter })` count until then and are safer.
 * The source is not held back: what waits is queued, without a bound unless `queue` says so; `pullFrom` pulls instead.
 * An error of the source passes at once, and like unsubscribing gives up what waits; completion waits for it.
 *
 * @throws OptionsError; the stream errors with CostOverCapacityError, QueueFullError or BudgetSpentError
 */
export function rateLimit<T>(options: RateLimitOptions<T>): MonoTypeOperatorFunction<T> {
  const parsed = parseOptions(schema, options, 'rateLimit');
  const place = placing<T>(parsed);
  return (source) =>
    new Observable((subscriber) => {
      const gate = new Gate(parsed.limiter ?? ownLimiter(parsed), parsed.cost, place, subscriber);
      connect(source, gate, (upstream) => subscriber.add(upstream));
    });
}

function ownLimiter(options: z.output<typeof schema>): Limiter {
  const { limit = 1, intervalMs = 1, spacing, queue } = options;
  const rate = spacing === 'even' ? evenly({ limit, intervalMs }) : slidingWindow({ limit, intervalMs });
  return createLimiter({ limits: [rate], clock: clockFrom(options), ...(queue && { queue }) });
}

/** One subscription: lets its values through as the limiter does. */
class Gate<T> implements Observer<T>, ValueReceiver<T> {
  readonly #limiter: Limiter;
  readonly #costOf: (value: T) => Cost;
  readonly #placeOf: (value: T) => Place;
  readonly #subscriber: Subscriber<T>;
  readonly #waiting: WaitingValues<T>;
  #isSourceDone = false;
  /** Values on their way down: one of them may complete the source. */
  #passing = 0;

  constructor(limiter: Limiter, costOf: (value: T) => Cost, placeOf: (value: T) => Place, subscriber: Subscriber<T>) {
    this.#limiter = limiter;
    this.#costOf = costOf;
    this.#placeOf = placeOf;
    this.#subscriber = subscriber;
    this.#waiting = new WaitingValues(limiter, this);
    subscriber.add(() => void this.#waiting.leaveAll());
  }

  next(value: T): void {
    // Giving places back lets others go on, and they may feed a source that is only then unsubscribed from.
    if (this.#subscriber.closed) return;
    try {
      this.#waiting.enter(value, this.#costOf(value), this.#placeOf(value));
    } catch (error) {
      this.#subscriber.error(error);
    }
  }

  error(error: unknown): void {
    this.#subscriber.error(error);
  }

  complete(): void {
    this.#isSourceDone = true;
    this.#completeIfDrained();
  }

  admitted(value: T, { cost, place }: Admission, atMs: number): void {
    this.#limiter.release(cost, atMs, 'unknown', place.key);
    this.#passing++;
    this.#subscriber.next(value);
    this.#passing--;
    this.#completeIfDrained();
  }

  dropped(error: Error | undefined): void {
    if (error !== undefined) this.error(error);
    this.#completeIfDrained();
  }

  #completeIfDrained(): void {
    if (this.#isSourceDone && this.#passing === 0 && this.#waiting.isEmpty) this.#subscriber.complete();
  }
}
