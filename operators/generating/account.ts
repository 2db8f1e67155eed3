import { Subject } from 'rxjs';
import type { Clock } from '../../src/clock.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import type { Refusal } from '../../src/refusal.js';
import type { TaskApi } from '../../src/tasks/taskApi.js';
import { clockFrom } from '../time/clock.js';
import type { GenerateEvent } from './generateEvents.js';
import type { ParsedGenerateOptions } from './generateOptions.js';

/** What the tasks of one stream share. */
export interface Account<Request> {
  readonly api: TaskApi<Request>;
  readonly options: ParsedGenerateOptions;
  readonly clock: Clock;
  readonly slots: Limiter;
  readonly requests: Limiter;
  /** Emits as a task gives its slot back. */
  readonly slotFreed: Subject<void>;
  /** What the observer hears. */
  readonly events: Subject<GenerateEvent>;
  /** The ids that were chosen for us; random ones need no check, and a long stream no memory for them. */
  readonly ids: Set<string> | undefined;
  /** The refusal for which nothing more of a product is sent; `*` stands for all products. */
  readonly closed: Map<string, { readonly refusal: Refusal; readonly error: unknown }>;
}

/** The two limiters of an account, always nested in this order: a slot for the task's life, a permit for each request. */
export function openAccount<Request>(api: TaskApi<Request>, options: ParsedGenerateOptions): Account<Request> {
  const clock = clockFrom(options);
  return {
    ...{ api, options, clock },
    slots: options.slots ?? slotLimiter(options, clock),
    requests: options.requests ?? requestLimiter(api, options, clock),
    slotFreed: new Subject(),
    events: eventsFor(options.observer),
    ids: options.externalId && new Set(),
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
  const { concurrent, dailyCredits, timeZone, random } = options;
  const limits: Limit[] = [concurrency({ limit: concurrent, name: 'tasks' })];
  if (dailyCredits !== 'off') limits.push(dailyQuota({ limit: dailyCredits, timeZone, name: 'credits' }));
  return createLimiter({ limits, clock, random });
}

function requestLimiter(api: TaskApi<unknown>, options: ParsedGenerateOptions, clock: Clock): Limiter {
  const { rate, headroom, random } = options;
  const limits = rate === 'off' ? [] : [slidingWindow({ ...rate, headroom, name: 'requests' })];
  return createLimiter({ limits, clock, random, classify: (error) => api.classify(error) });
}
