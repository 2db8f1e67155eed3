import { merge, Observable, of, retry, throwError, type MonoTypeOperatorFunction, type ObservableInput } from 'rxjs';
import * as z from 'zod/mini';
import { RetrySchedule, retryScheduleShape, type RetryScheduleOptions } from '../src/backoff/retrySchedule.js';
import type { Limiter } from '../src/limiter/limiter.js';
import { callback, having, parseOptions } from '../src/options.js';
import { asRefusal, type Classify, type Refusal, type RefusalMeaning } from '../src/refusal.js';
import { after } from './time/after.js';
import { clockFrom, timeShape, type TimeOptions } from './time/clock.js';
import { concurrencyLimit } from './concurrencyLimit.js';

/** What is known as a retry begins to wait. */
export interface Retry {
  readonly error: unknown;
  readonly refusal: Refusal;
  /** The number of the retry, from 1. */
  readonly retry: number;
  /** How long it waits, in ms. */
  readonly delayMs: number;
}

/** All are optional. */
export interface RetryWithJitterOptions extends RetryScheduleOptions, TimeOptions {
  /**
   * What an error means and how long to wait: a meaning alone, or a refusal with the server's hint (a floor, in ms).
   * Permanent meanings are not tried again; `no-slot` spends no attempt.
   * @defaultValue every error is `transient`
   */
  readonly classify?: (error: unknown) => Refusal | RefusalMeaning;
  /**
   * Each try takes a new permit of it and holds it to its end; a `too-fast` refusal cools it down for everybody; its retry
   * budget, if it has one, is asked before each retry (but for `no-slot`), and where that is used up the error is final.
   */
  readonly limiter?: Limiter;
  /** Ends a wait early as it emits: a slot that comes free, say. */
  readonly wakeOn?: (refusal: Refusal) => ObservableInput<unknown>;
  /** Told before each wait. */
  readonly onRetry?: (retry: Retry) => void;
}

const schema = z.strictObject({
  ...retryScheduleShape,
  classify: z.optional(callback<(error: unknown) => Refusal | RefusalMeaning>()),
  limiter: z.optional(having<Limiter>('enter')),
  wakeOn: z.optional(callback<(refusal: Refusal) => ObservableInput<unknown>>()),
  onRetry: z.optional(callback<(retry: Retry) => void>()),
  ...timeShape,
});

/**
 * Subscribes again after an error, up to `maxRetries` times, after a wait of exponential backoff with jitter:
 * `min(capMs, baseMs * 2^n)`, plus a draw of up to half of it (`jitter: 'proportional'`). Gives up with the very last error.
 *
 * ```
 *  source   -a-#        -a-b-|
 *           retryWithJitter({ baseMs: 8, jitter: 'none' })
 *  result   -a----------a-b-|
 * ```
 *
 * Values pass as they come, those of a failed try included. It repeats all that stands above it: put it inside the
 * projection of each item (`concurrencyLimit(p => request(p).pipe(retryWithJitter()))`), never around the whole stream.
 * The count is a subscription's own and is not reset by a value. Unsubscribing ends a wait. For a call that costs money
 * and may have happened, `generate` looks first.
 *
 * @throws OptionsError; an error thrown by `classify`, `wakeOn` or `onRetry` is the stream's
 */
export function retryWithJitter<T>(options: RetryWithJitterOptions = {}): MonoTypeOperatorFunction<T> {
  const { classify, limiter, wakeOn, onRetry, clock, scheduler, ...schedule } = parseOptions(
    schema,
    options,
    'retryWithJitter',
  );
  const refusalOf = (error: unknown): Refusal => asRefusal(classify?.(error) ?? 'transient');
  return (source) =>
    new Observable((subscriber) => {
      const time = clockFrom({ clock, scheduler });
      const retries = new RetrySchedule(schedule);
      const budget = limiter?.retryBudget;
      const judge = new Judge(refusalOf);
      const delay = (error: unknown, count: number): Observable<unknown> => {
        const refusal = judge.take(error);
        const delayMs = retries.next(refusal);
        const isPaidFor = refusal.meaning === 'no-slot' || budget === undefined;
        if (delayMs === undefined || !(isPaidFor || budget.tryRetry())) return throwError(() => error);
        onRetry?.({ error, refusal, retry: count, delayMs });
        return wakeOn === undefined ? after(delayMs, time) : merge(after(delayMs, time), wakeOn(refusal));
      };
      budget?.onRequest();
      return permitted(source, limiter, classify && ((error) => judge.ask(error)))
        .pipe(retry({ delay }))
        .subscribe(subscriber);
    });
}

/** Asks what an error means once, though both want to know: the limiter, as the permit goes back, and then the retry. */
class Judge {
  readonly #refusalOf: Classify;
  #asked: { readonly error: unknown; readonly refusal: Refusal } | undefined;

  constructor(refusalOf: Classify) {
    this.#refusalOf = refusalOf;
  }

  ask(error: unknown): Refusal {
    try {
      const refusal = this.#refusalOf(error);
      this.#asked = { error, refusal };
      return refusal;
    } catch (thrown) {
      // It comes instead of the error, and is not to be tried again.
      this.#asked = { error: thrown, refusal: { meaning: 'invalid' } };
      throw thrown;
    }
  }

  /** What was found of it just now, or else is. */
  take(error: unknown): Refusal {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked !== undefined && asked.error === error ? asked.refusal : this.#refusalOf(error);
  }
}

/** The source, each subscription of it under a permit. */
function permitted<T>(
  source: Observable<T>,
  limiter: Limiter | undefined,
  classify: Classify | undefined,
): Observable<T> {
  if (limiter === undefined) return source;
  return of(source).pipe(concurrencyLimit((it) => it, { limiter, ...(classify && { classify }) }));
}
