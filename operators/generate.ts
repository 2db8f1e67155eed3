import { map, Observable, Subject, type OperatorFunction } from 'rxjs';
import { createLimiter } from '../src/limiter/createLimiter.js';
import type { Clock } from '../src/clock.js';
import { concurrency } from '../src/limits/concurrency.js';
import { dailyQuota } from '../src/limits/dailyQuota.js';
import { slidingWindow } from '../src/limits/slidingWindow.js';
import type { Limiter } from '../src/limiter/limiter.js';
import type { TaskApi } from '../src/tasks/taskApi.js';
import { clockFrom } from './clock.js';
import { concurrencyLimit } from './concurrencyLimit.js';
import type { GenerateEvent, GenerateResult } from './generateEvents.js';
import { parseGenerateOptions, type GenerateOptions, type ParsedGenerateOptions } from './generateOptions.js';
import { TaskRun, type Account } from './taskRun.js';

/**
 * Turns a stream of prompts (or whole requests) into a stream of results under an account's limits: a task holds one of
 * its slots from before it is sent to its end; every request, polls too, keeps the rate; a refusal is taken by its meaning.
 *
 * ```
 *  prompts  -abc--------------------|
 *           generate(client, { concurrent: 2 })     tasks: a 6, b 9, c 16 long
 *  results  -------a---b-----------c|
 * ```
 *
 * Results come as their tasks end, and are values: a failed prompt never ends the stream, only an error of the source
 * does. A task that may exist is never sent again: it is looked up by the id under which it was sent, and adopted.
 * Unsubscribing ends what is ours, at once; a task that the server has goes on there and is paid for: use `stop` to
 * end in order. Two streams on one account share `slots` and `requests`.
 *
 * @throws OptionsError
 */
export function generate<Input, Request>(
  api: TaskApi<Request>,
  options: GenerateOptions<Input> = {},
): OperatorFunction<Input, GenerateResult<Input>> {
  const parsed = parseGenerateOptions(options);
  return (source) =>
    new Observable((subscriber) => {
      const account = openAccount(api, parsed);
      return source
        .pipe(
          map((input, index) => new TaskRun(account, input, index)),
          concurrencyLimit((run) => run.result(), {
            limiter: account.slots,
            cost: (run) => run.cost,
            stop: parsed.stop,
          }),
        )
        .subscribe(subscriber);
    });
}

/** The two limiters of an account, always nested in this order: a slot for the task's life, a permit for each request. */
function openAccount<Request>(api: TaskApi<Request>, options: ParsedGenerateOptions): Account<Request> {
  const clock = clockFrom(options);
  return {
    ...{ api, options, clock },
    slots: options.slots ?? slotLimiter(options, clock),
    requests: options.requests ?? requestLimiter(api, options, clock),
    slotFreed: new Subject(),
    events: eventsFor(options.observer),
    closed: new Map(),
  };
}

/** A subject between the tasks and their observer: what it throws is reported as RxJS does, and ends nobody's task. */
function eventsFor(observer: ParsedGenerateOptions['observer']): Subject<GenerateEvent> {
  const events = new Subject<GenerateEvent>();
  if (observer !== undefined) events.subscribe((event) => observer.next(event));
  return events;
}

function slotLimiter(options: ParsedGenerateOptions, clock: Clock): Limiter {
  const { concurrent, dailyCredits, timeZone = 'UTC', random } = options;
  const limits = [concurrency({ limit: concurrent, name: 'tasks' })];
  if (dailyCredits !== 'off') limits.push(dailyQuota({ limit: dailyCredits, timeZone, name: 'credits' }));
  return createLimiter({ limits, clock, random });
}

function requestLimiter(api: TaskApi<unknown>, options: ParsedGenerateOptions, clock: Clock): Limiter {
  const { rate, headroom, random } = options;
  const limits = rate === 'off' ? [] : [slidingWindow({ ...rate, headroom, name: 'requests' })];
  return createLimiter({ limits, clock, random, classify: (error) => api.classify(error) });
}
