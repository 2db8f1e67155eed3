import {
  distinctUntilChanged,
  last,
  NEVER,
  Observable,
  of,
  repeat,
  retry,
  switchMap,
  take,
  takeWhile,
  tap,
  throwError,
  throwIfEmpty,
  type ObservableInput,
  type OperatorFunction,
} from 'rxjs';
import * as z from 'zod/mini';
import { backoffDelay } from '../src/backoff/backoff.js';
import type { Clock } from '../src/clock.js';
import { TaskFailedError } from '../src/errors.js';
import type { Limiter } from '../src/limiter/limiter.js';
import { callback, durationMs, having, msOrInfinity, parseOptions, positiveMs } from '../src/options.js';
import { asRefusal, isPermanent, type Refusal, type RefusalMeaning } from '../src/refusal.js';
import { after } from './time/after.js';
import { clockFrom, timeShape, type TimeOptions } from './time/clock.js';
import { concurrencyLimit } from './concurrencyLimit.js';
import { deadline } from './time/deadline.js';

/** What a poll gets beside its task. */
export interface PollContext {
  /** The number of the poll of this task, from 0. */
  readonly attempt: number;
  /**
   * Aborted at the deadline and when the result is unsubscribed from; that of a poll which is an observable also once its
   * first value has come, as the rest of it is of no use. A promise's is not.
   */
  readonly signal: AbortSignal;
}

/** `poll`, `isDone` and `intervalMs` must be given. */
export interface PollUntilDoneOptions<T, S> extends TimeOptions {
  /** Asks for a task's status once; its first value counts. */
  readonly poll: (task: T, context: PollContext) => ObservableInput<S>;
  /** True for a status that ends the task well. */
  readonly isDone: (status: S) => boolean;
  /** True, or the reason, for a status that ends it badly: the stream errors with TaskFailedError. @defaultValue none does */
  readonly isFailed?: (status: S) => boolean | string;
  /** From the end of a poll to the next one, in ms; more than 0. */
  readonly intervalMs: number;
  /** From a task's arrival to its first poll, in ms (at least 0). @defaultValue intervalMs */
  readonly firstDelayMs?: number;
  /** What the interval is multiplied by after each poll; at least 1. @defaultValue 1 */
  readonly growth?: number;
  /** The ceiling of a growing interval, in ms (over 0). @defaultValue 60000, or intervalMs where that is more */
  readonly maxIntervalMs?: number;
  /**
   * How long to go on, from a task's arrival, in ms (over 0), or Infinity; then the stream errors with DeadlineError.
   * @defaultValue 3600000
   */
  readonly deadlineMs?: number;
  /** `final`: the last status alone; `changes`: each that differs from the one before. @defaultValue 'final' */
  readonly emit?: 'final' | 'changes';
  /** What tells two statuses apart. @defaultValue the status itself */
  readonly changeKey?: (status: S) => unknown;
  /** What a poll's error means; only a permanent one ends the task's polls. @defaultValue every error is `transient` */
  readonly classify?: (error: unknown) => Refusal | RefusalMeaning;
  /** Each poll takes a permit of it. */
  readonly limiter?: Limiter;
  /** A source of numbers in [0, 1), for the backoff after errors. @defaultValue Math.random */
  readonly random?: () => number;
}

const schema = z.strictObject({
  poll: callback<(task: unknown, context: PollContext) => ObservableInput<unknown>>(),
  isDone: callback<(status: unknown) => boolean>(),
  isFailed: z.optional(callback<(status: unknown) => boolean | string>()),
  intervalMs: positiveMs,
  firstDelayMs: z.optional(durationMs),
  growth: z._default(z.number().check(z.gte(1)), 1),
  maxIntervalMs: z._default(positiveMs, 60_000),
  deadlineMs: z._default(msOrInfinity, 3_600_000),
  emit: z._default(z.enum(['final', 'changes']), 'final'),
  changeKey: z._default(callback<(status: unknown) => unknown>(), () => (status: unknown) => status),
  classify: z.optional(callback<(error: unknown) => Refusal | RefusalMeaning>()),
  limiter: z.optional(having<Limiter>('enter')),
  random: z._default(callback<() => number>(), () => Math.random),
  ...timeShape,
});

/**
 * Polls each task of the source until its status says that it is done, and emits that status. Tasks are polled side by
 * side; the polls of one never overlap, none follows its end, and none starts after its deadline.
 *
 * ```
 *  source   -t----------------|
 *           pollUntilDone({ intervalMs: 5, ... })     polls: ------p----p----p  (the third says done)
 *  result   ----------------s-|
 * ```
 *
 * A poll that fails is tried again, after the interval or a backoff, whichever is longer, and never before the server's
 * hint: one lost answer does not lose a paid task. Only an error that `classify` finds to be permanent, a failed status
 * or the deadline end a task's polls, and the stream with them: where one task must not end the others, put it inside
 * the projection of each (`concurrencyLimit(p => submit(p).pipe(pollUntilDone(...)))`). The deadline is ours alone: the
 * remote task goes on. Unsubscribing aborts the polls in flight.
 *
 * @throws OptionsError; the stream errors with TaskFailedError, DeadlineError or a poll's permanent error
 */
export function pollUntilDone<T, S>(options: PollUntilDoneOptions<T, S>): OperatorFunction<T, S> {
  const parsed = parseOptions(schema, options, 'pollUntilDone') as unknown as ParsedOptions<T, S>;
  return (source) =>
    new Observable((subscriber) => {
      const clock = clockFrom(parsed);
      const polled = concurrencyLimit((task: T) => statusesOf(task, parsed, clock), { limit: Infinity });
      return source.pipe(polled).subscribe(subscriber);
    });
}

/** What the schema checked, with the callbacks' own types. */
type ParsedOptions<T, S> = Omit<z.output<typeof schema>, 'poll' | 'isDone' | 'isFailed' | 'changeKey'> &
  Pick<PollUntilDoneOptions<T, S>, 'poll' | 'isDone' | 'isFailed'> &
  Required<Pick<PollUntilDoneOptions<T, S>, 'changeKey'>>;

/** One task's statuses, from its first poll to its end. */
function statusesOf<T, S>(task: T, options: ParsedOptions<T, S>, clock: Clock): Observable<S> {
  const {
    poll,
    isDone,
    isFailed,
    intervalMs,
    firstDelayMs = intervalMs,
    growth,
    deadlineMs,
    changeKey,
    limiter,
  } = options;
  const endsAtMs = clock.now() + deadlineMs;
  const ceilingMs = Math.max(intervalMs, options.maxIntervalMs);
  let waitMs = intervalMs;
  let polls = 0;
  let errorsInARow = 0;
  let lastStatus: S | undefined;
  let failure: ErrorOptions | undefined;

  const nextWaitMs = (): number => {
    const thisMs = waitMs;
    waitMs = Math.min(ceilingMs, waitMs * growth);
    return thisMs;
  };
  const afterError = (error: unknown): Observable<void> => {
    failure = { cause: error };
    const refusal = asRefusal(options.classify?.(error) ?? 'transient');
    if (isPermanent(refusal)) return throwError(() => error);
    const backoffMs = backoffDelay({ ...refusal, attempt: errorsInARow++, random: options.random });
    return after(Math.max(nextWaitMs(), backoffMs), clock);
  };
  const onStatus = (status: S): void => {
    lastStatus = status;
    failure = undefined;
    errorsInARow = 0;
    const reason = isFailed?.(status);
    if (reason !== undefined && reason !== false) {
      throw new TaskFailedError(typeof reason === 'string' ? reason : 'the task ended without a result', status);
    }
  };

  const once = of(task).pipe(
    concurrencyLimit(
      // A timer that comes late (a machine that slept) starts no poll past the deadline, which is about to end all.
      (it, _, { signal }) => (clock.now() > endsAtMs ? NEVER : poll(it, { attempt: polls++, signal })),
      limiter ? { limiter } : { limit: 1 },
    ),
    take(1),
    throwIfEmpty(() => new Error('the poll completed without a status')),
  );
  return after(firstDelayMs, clock).pipe(
    take(1),
    switchMap(() => once.pipe(retry({ delay: afterError }), repeat({ delay: () => after(nextWaitMs(), clock) }))),
    tap(onStatus),
    takeWhile((status) => !isDone(status), true),
    options.emit === 'final' ? last() : distinctUntilChanged((a, b) => Object.is(changeKey(a), changeKey(b))),
    deadline(deadlineMs, clock, () => ({ last: lastStatus, failure })),
  );
}
