import type { Dispatcher } from 'undici';
import * as z from 'zod';
import { OptionsError } from '../errors.js';
import type { Cost } from '../limiter/cost.js';
import type { Limiter } from '../limiter/limiter.js';
import type { Outcome } from '../limits/limit.js';
import { callback, having, parseOptions } from '../options.js';
import type { Refusal } from '../refusal.js';
import type { HttpHeaders } from './httpHeaders.js';
import { LimitedRequest } from './limitedRequest.js';
import { readExhausted, readHint } from './rateLimits.js';

export interface SluiceOptions {
  /** What a request costs, at least 0. @defaultValue 1 */
  readonly cost?: (request: Dispatcher.DispatchOptions) => Cost;
  /**
   * What an answer means by its status and headers, where it is a refusal: a `too-fast` one cools everybody down.
   * @defaultValue 429, and 403 and 503 where they say how long to wait, are `too-fast`, with the wait that the headers ask for
   */
  readonly classify?: (statusCode: number, headers: HttpHeaders) => Refusal | undefined;
  /**
   * Whether an answer which is no refusal, but says that a limit is used up (`RateLimit: "burst";r=0;t=30` or one of the
   * older forms), cools everybody down until there is more of it.
   * @defaultValue true
   */
  readonly coolWhenExhausted?: boolean;
}

const schema = z.strictObject({
  cost: z._default(callback<(request: Dispatcher.DispatchOptions) => Cost>(), () => () => 1),
  classify: z.optional(callback<(statusCode: number, headers: HttpHeaders) => Refusal | undefined>()),
  coolWhenExhausted: z.boolean().default(true),
});

/**
 * An undici interceptor that sends every request through `limiter`:
 *
 * ```ts
 * const dispatcher = new Agent().compose(sluice(limiter));
 * await fetch(url, { dispatcher });
 * ```
 *
 * A request takes its permit as it is dispatched and holds it until its answer has ended: body complete, error, abort,
 * or upgrade. So a body that is neither read nor cancelled keeps its permit. An abort gives a place in the queue up; once
 * it is sent, a request counts from its abort on, though the server may see it a little later.
 *
 * A refusal cools the whole limiter down, so that everybody waits; the answer itself is passed on as it came, and nothing
 * is retried here. Put what retries or redirects above it, so that each try and each hop takes a permit of its own:
 * `retryWithJitter` around the call, or undici's interceptors, of which the last composed is the uppermost:
 * `agent.compose(sluice(limiter), interceptors.redirect(), interceptors.retry())`. Below it, all tries would share one
 * permit and no refusal would be seen.
 *
 * It needs a dispatcher of undici 7 or later. Node's own `fetch` goes with one of undici 7; with a later one, use the
 * `fetch` of that.
 *
 * @throws OptionsError; requests fail with what the limiter refuses: CostOverCapacityError, say, or QueueFullError
 */
export function sluice(limiter: Limiter, options: SluiceOptions = {}): Dispatcher.DispatcherComposeInterceptor {
  parseOptions(having<Limiter>('enter'), limiter, 'sluice: limiter');
  const parsed = parseOptions(schema, options, 'sluice');
  const { cost, coolWhenExhausted } = parsed;
  const nowEpochMs = (): number => limiter.clock.epochNow();
  const classify = parsed.classify ?? ((status, headers) => refusalIn(status, headers, nowEpochMs()));

  function judge(statusCode: number, headers: HttpHeaders): Outcome | undefined {
    const refusal = classify(statusCode, headers);
    if (refusal !== undefined) {
      limiter.refused(refusal);
      return refusal.meaning === 'too-fast' || refusal.meaning === 'no-slot' ? refusal.meaning : 'failed';
    }
    const exhaustedMs = coolWhenExhausted ? readExhausted(headers, nowEpochMs()) : undefined;
    if (exhaustedMs !== undefined && exhaustedMs > 0) limiter.coolDown(exhaustedMs, { ramp: false });
    return statusCode >= 500 ? 'failed' : undefined;
  }

  return (dispatch) => {
    const gate = { limiter, dispatch, judge };
    return (request, handler) => {
      if (isOfOld(handler)) throw new OptionsError(ofOld, 'handler');
      return new LimitedRequest(gate, request, handler, cost(request)).start();
    };
  };
}

/** Undici 7 makes new handlers of the old, and 8 does not: nobody could tell one of them how its request has ended. */
function isOfOld(handler: Dispatcher.DispatchHandler): boolean {
  return handler.onRequestStart === undefined && 'onConnect' in handler;
}

const ofOld =
  'sluice: a request made as undici 6 makes them could not be told of its end: take the dispatcher from undici 7 or later, ' +
  "and fetch or request from the same (Node's own fetch: a dispatcher from undici 7)";

/** Nothing was done, and it will be later: 429 always says so, 503 and 403 (GitHub's limits) only together with a time. */
function refusalIn(statusCode: number, headers: HttpHeaders, nowEpochMs: number): Refusal | undefined {
  if (statusCode !== 429 && statusCode !== 403 && statusCode !== 503) return undefined;
  const hintMs = readHint(headers, nowEpochMs);
  if (hintMs !== undefined) return { meaning: 'too-fast', hintMs };
  return statusCode === 429 ? { meaning: 'too-fast' } : undefined;
}
