import { systemClock } from '../clock.js';
import { SluiceError } from '../errors.js';
import type { Refusal } from '../refusal.js';
import type { HttpHeaders } from './httpHeaders.js';
import { readHint } from './rateLimits.js';

/** As the Headers of every `fetch` give them. */
type HeaderPairs = Iterable<readonly [string, string]>;

/** An answer with a status that is no success: throw it where a client (`fetch`, undici's `request`) does not. */
export class HttpError extends SluiceError {
  override readonly name = 'HttpError';
  readonly code = 'SLUICE_HTTP';
  readonly status: number;
  /** How long the answer asked to wait, in ms. */
  readonly retryAfterMs: number | undefined;

  constructor(response: { readonly status: number; readonly headers: Headers | HeaderPairs | HttpHeaders }) {
    // The Headers of undici, or of another realm, are none of this one's.
    const headers = isIterable(response.headers) ? Object.fromEntries(response.headers) : response.headers;
    const retryAfterMs = readHint(headers, systemClock.epochNow());
    super(`HTTP ${response.status}${retryAfterMs === undefined ? '' : `, to be tried again in ${retryAfterMs} ms`}`);
    this.status = response.status;
    this.retryAfterMs = retryAfterMs;
  }
}

function isIterable(headers: Headers | HeaderPairs | HttpHeaders): headers is HeaderPairs {
  return Symbol.iterator in headers;
}

/**
 * The meaning of an error by its HTTP status alone, for APIs that say no more:
 *
 * | status | meaning | backoff from |
 * |---|---|---|
 * | 429 | `too-fast` | 1 s, or as the headers ask (`readHint`) |
 * | 403 that asks to wait, as GitHub's | `too-fast` | 1 s, or as the headers ask |
 * | 408, 5xx | `transient` | 2 s, or as the headers ask |
 * | 401, any other 403 | `account` | |
 * | any other 4xx | `invalid` | |
 * | none (a broken connection, a time-out) | `transient` | 1 s |
 *
 * Reads `status` or `statusCode`, as most clients' errors have them, and `retryAfterMs`. An API that charges needs a
 * classifier of its own: there a lost answer is `ambiguous`.
 */
export function classifyHttp(error: unknown): Refusal {
  const { status, statusCode, retryAfterMs } = Object(error) as Record<string, unknown>;
  const code = typeof status === 'number' ? status : typeof statusCode === 'number' ? statusCode : 0;
  const hint = typeof retryAfterMs === 'number' ? { hintMs: retryAfterMs } : {};
  const isTooFast = code === 429 || (code === 403 && 'hintMs' in hint);
  if (isTooFast) return { meaning: 'too-fast', baseMs: 1_000, ...hint };
  if (code === 408 || code >= 500) return { meaning: 'transient', baseMs: 2_000, ...hint };
  if (code === 401 || code === 403) return { meaning: 'account' };
  if (code >= 400) return { meaning: 'invalid' };
  return { meaning: 'transient', ...hint };
}
