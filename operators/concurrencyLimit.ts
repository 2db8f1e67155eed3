import { Observable, type ObservableInput, type ObservedValueOf, type OperatorFunction } from 'rxjs';
import * as z from 'zod/mini';
import type { Cost } from '../src/limiter/cost.js';
import type { Limiter } from '../src/limiter/limiter.js';
import { queueSchema, unbounded, type Overflow } from '../src/limiter/queueSettings.js';
import type { Classify } from '../src/refusal.js';
import { callback, countOrInfinity, having, parseOptions } from '../src/options.js';
import { aborted } from './pool/aborted.js';
import { placing, placingShape, type PlacingOptions } from './pool/placing.js';
import type { ProjectionContext } from './pool/job.js';
import { Pool } from './pool/pool.js';
import { LimiterTurns, OwnTurns, type OnDropped, type Start, type Turns } from './pool/turns.js';
import { connect } from './pool/connect.js';

/** Either `limit`, or a `limiter`: `cost`, `key`, `weight`, `priority` and `classify` need one. */
export interface ConcurrencyLimitOptions<T> extends PlacingOptions<T> {
  /** How many may be in flight at once: an integer of at least 1, or Infinity. This, or else a `limiter`. */
  readonly limit?: number;
  /** A limiter to share; its permit is held from the call of the projection to the end of its result. */
  readonly limiter?: Limiter;
  /** What an item costs in the `limiter`, at least 0. @defaultValue 1 */
  readonly cost?: (value: T) => Cost;
  /** What an error of the work means to the `limiter`: `too-fast` cools everybody. @defaultValue the limiter's own */
  readonly classify?: Classify;
  /** True: results in the order of the source; a slow one holds back the results behind it, not their work. @defaultValue false */
  readonly ordered?: boolean;
  /** Once aborted: takes no more, forgets what waits, lets what runs end, and completes. */
  readonly stop?: AbortSignal | undefined;
  /**
   * How many items may wait (an integer of at least 1, or Infinity), and what happens to one more.
   * @defaultValue unbounded, 'error'
   */
  readonly queue?: { readonly maxSize: number; readonly overflow?: Overflow | undefined };
}

const schema = z
  .strictObject({
    limit: z.optional(countOrInfinity),
    limiter: z.optional(having<Limiter>('enter')),
    cost: z.optional(callback<(value: unknown) => Cost>()),
    classify: z.optional(callback<Classify>()),
    ...placingShape,
    ordered: z._default(z.boolean(), false),
    stop: z.optional(having<AbortSignal>('addEventListener')),
    queue: z._default(queueSchema, unbounded),
  })
  .check(
    z.refine((it) => (it.limiter === undefined) !== (it.limit === undefined), {
      error: 'give either limit, or a limiter',
    }),
    z.refine((it) => it.limiter !== undefined || !(it.cost ?? it.key ?? it.weight ?? it.priority ?? it.classify), {
      error: 'cost, key, weight, priority and classify need a limiter',
    }),
    z.refine((it) => it.limiter === undefined || it.queue.maxSize === Infinity, {
      error: 'a shared limiter has a queue of its own: give queue to createLimiter',
    }),
  );

/**
 * Projects each value to work (an observable, a promise, an iterable) and keeps at most `limit` of it in flight; what
 * comes meanwhile waits, first in, first out. Never idle while something waits and may start.
 *
 * ```
 *  source   -abc---------|
 *           concurrencyLimit((x) => work(x), { limit: 2 })     work: -----x|
 *  result   ------ab----c|
 * ```
 *
 * A permit is released before a promise's result is emitted (an observable's, as it has cleaned up). The state is a
 * subscription's own unless a `limiter` is passed: then all who hold it share it, and its other limits hold too, from
 * start to end of the work. Waiting items are queued without a bound unless `queue` says so.
 * An error of the source or of any work passes at once. It, and unsubscribing, give up what waits and unsubscribe and
 * abort what runs; the permit of a promise is released when it settles, since until then its work may go on.
 *
 * @throws OptionsError; the stream errors with QueueFullError, CostOverCapacityError or BudgetSpentError
 */
export function concurrencyLimit<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number, context: ProjectionContext) => O,
  options: ConcurrencyLimitOptions<T>,
): OperatorFunction<T, ObservedValueOf<O>> {
  const {
    limit = 1,
    limiter,
    cost = () => 1,
    classify,
    ordered,
    stop,
    queue,
    ...placed
  } = parseOptions(schema, options, 'concurrencyLimit');
  const place = placing<T>(placed);
  return (source) =>
    new Observable((subscriber) => {
      const turns = (start: Start<T>, onDropped: OnDropped): Turns<T> =>
        limiter === undefined
          ? new OwnTurns(limit, queue, start, onDropped)
          : new LimiterTurns({ limiter, cost, place, classify }, start, onDropped);
      const pool = new Pool(project, turns, ordered, subscriber);
      connect(source, pool, (upstream) => {
        subscriber.add(upstream);
        if (stop !== undefined) subscriber.add(aborted(stop).subscribe(() => pool.stopTaking(upstream)));
      });
    });
}
