import { context, type Attributes, type Context, type Histogram } from '@opentelemetry/api';
import type { Clock } from '../../src/clock.js';
import type { RefusalMeaning } from '../../src/refusal.js';
import type { TaskApi } from '../../src/tasks/taskApi.js';
import { throwApart } from '../../src/throwApart.js';
import type { TaskObserver } from './taskObserver.js';

export interface ObservedApiParts {
  readonly tasks: TaskObserver;
  readonly clock: Clock;
  readonly attributes: Attributes;
  readonly duration: Histogram;
  /** Where requests are sent that are about no task in particular, whoever's timer sends them. */
  readonly outside: Context;
}

type RequestKind = 'submit' | 'look_up' | 'poll' | 'concurrency';

/** Told as an answer has come; with the error's meaning where it is one. */
type Answered = (errorType: RefusalMeaning | undefined) => void;

/** The same API, with its requests timed, and sent within the span of what they are about. */
export function observedApi<Request>(
  api: TaskApi<Request>,
  { tasks, clock, attributes, duration, outside }: ObservedApiParts,
): TaskApi<Request> {
  async function timed<T>(kind: RequestKind, send: () => Promise<T>, onAnswer?: Answered): Promise<T> {
    const startedMs = clock.now();
    const took = (errorType?: RefusalMeaning): void => {
      const error = errorType === undefined ? {} : { 'error.type': errorType };
      try {
        duration.record((clock.now() - startedMs) / 1_000, { ...attributes, 'sluice.request.kind': kind, ...error });
        onAnswer?.(errorType);
      } catch (thrown) {
        // What fails to measure an answer makes no other of it.
        throwApart(thrown);
      }
    };
    try {
      const answer = await send();
      took();
      return answer;
    } catch (error) {
      took(api.classify(error).meaning);
      throw error;
    }
  }
  function within<T>(id: string, send: () => Promise<T>): Promise<T> {
    return context.with(tasks.contextOf(id) ?? outside, send);
  }
  const concurrency = api.concurrency?.bind(api);

  return {
    pollBatch: api.pollBatch,
    parse: (input) => api.parse(input),
    classify: (error) => api.classify(error),
    productOf: (request) => api.productOf(request),
    weigh: (request) => api.weigh(request),
    estimateCredits: (request) => api.estimateCredits(request),
    submit: (request, id, call) => timed('submit', () => within(id, () => api.submit(request, id, call))),
    lookUp: (request, id, call) =>
      timed(
        'look_up',
        () => within(id, () => api.lookUp(request, id, call)),
        (errorType) => tasks.lookedUp(id, errorType, clock.epochNow()),
      ),
    poll: (refs, call) => timed('poll', () => context.with(outside, () => api.poll(refs, call))),
    ...(concurrency !== undefined && {
      concurrency: (call) => timed('concurrency', () => context.with(outside, () => concurrency(call))),
    }),
  };
}
