import { Subject, type Observable } from 'rxjs';
import * as z from 'zod/mini';
import { createLimiter } from '../src/limiter/createLimiter.js';
import type { Limiter } from '../src/limiter/limiter.js';
import { evenly } from '../src/limits/evenly.js';
import { callback, having, parseOptions, positiveCount } from '../src/options.js';
import { reportUnhandled } from './pool/reportUnhandled.js';
import { clockFrom, timeShape, type TimeOptions } from './time/clock.js';

/** `send` must be given. */
export interface RequestQueueOptions<Request, Response> extends TimeOptions {
  /** Sends one request. */
  readonly send: (request: Request) => PromiseLike<Response> | Response;
  /**
   * Requests a minute, spread evenly: one each `60 / maxPerMinute` seconds; an integer of at least 1.
   * @defaultValue 30
   */
  readonly maxPerMinute?: number;
  /** A limiter to share, instead of `maxPerMinute`, which is then not looked at. */
  readonly limiter?: Limiter;
}

/** Called once with what became of a request: a response, or an error. */
export type RequestCallback<Response> = (response: Response | undefined, error: unknown) => void;

/** What became of one request. */
export type RequestResult<Request, Response> =
  | { readonly request: Request; readonly status: 'fulfilled'; readonly value: Response }
  | { readonly request: Request; readonly status: 'rejected'; readonly reason: unknown };

export interface RequestQueue<Request, Response> {
  /**
   * Queues a request; resolves or rejects as it does, and calls back. A failing request never stops the rest, nor does a
   * callback that throws: that is reported as RxJS does (`config.onUnhandledError`, or thrown on its own).
   */
  enqueue(request: Request, callback?: RequestCallback<Response>): Promise<Response>;
  /** Every request's outcome from now on, in the order in which they end. */
  readonly results$: Observable<RequestResult<Request, Response>>;
  /** How many requests wait. */
  readonly waiting: number;
}

const schema = z.strictObject({
  send: callback<(request: unknown) => unknown>(),
  maxPerMinute: z._default(positiveCount, 30),
  limiter: z.optional(having<Limiter>('run')),
  ...timeShape,
});

/**
 * The imperative door: requests go in one by one, leave in that order at the pace of a limit, and come back as a promise,
 * a callback and a stream.
 *
 * @throws OptionsError
 */
export function createRequestQueue<Request, Response>(
  options: RequestQueueOptions<Request, Response>,
): RequestQueue<Request, Response> {
  const parsed = parseOptions(schema, options, 'createRequestQueue');
  const limiter = parsed.limiter ?? pacedLimiter(parsed.maxPerMinute, options);
  const results = new Subject<RequestResult<Request, Response>>();

  return {
    enqueue(request, callback) {
      const response = limiter.run(() => options.send(request));
      response.then(
        (value) => {
          callBack(() => callback?.(value, undefined));
          results.next({ request, status: 'fulfilled', value });
        },
        (reason: unknown) => {
          callBack(() => callback?.(undefined, reason));
          results.next({ request, status: 'rejected', reason });
        },
      );
      return response;
    },
    results$: results.asObservable(),
    get waiting() {
      return limiter.waiting;
    },
  };
}

/** As RxJS calls an observer: what it throws is reported apart, and keeps nobody else from the outcome. */
function callBack(call: () => void): void {
  try {
    call();
  } catch (thrown) {
    reportUnhandled(thrown);
  }
}

function pacedLimiter(maxPerMinute: number, time: TimeOptions): Limiter {
  return createLimiter({ limits: [evenly({ limit: maxPerMinute, intervalMs: 60_000 })], clock: clockFrom(time) });
}
