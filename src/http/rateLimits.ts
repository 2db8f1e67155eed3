import { valuesOf, type HttpHeaders } from './httpHeaders.js';
import { readOlderRateLimits } from './olderRateLimitFields.js';
import { parseRateLimit, parseRateLimitPolicy, type RateLimits } from './rateLimitFields.js';
import { readRetryAfter } from './retryAfter.js';
import { longest } from './waits.js';

/**
 * What an answer says about its server's limits, in whatever form: `RateLimit` and `RateLimit-Policy`
 * (draft-ietf-httpapi-ratelimit-headers), the `RateLimit-Limit`, `-Remaining` and `-Reset` of its earlier drafts,
 * `X-RateLimit-*`, `X-Rate-Limit-*` and those with a provider's name in them (`anthropic-ratelimit-tokens-reset`). A field
 * that is not readable is as good as absent.
 *
 * A reset that is an instant is counted from the answer's own `Date`; without one, from `nowEpochMs`.
 */
export function readRateLimits(headers: HttpHeaders, nowEpochMs: number): RateLimits {
  const policies = parseRateLimitPolicy(valuesOf(headers, 'ratelimit-policy').join(', '));
  const current = parseRateLimit(valuesOf(headers, 'ratelimit').join(', '));
  const older = readOlderRateLimits(headers, nowEpochMs);
  return {
    policies: [...policies, ...current.policies, ...older.policies],
    limits: [...current.limits, ...older.limits],
  };
}

/**
 * How long a refusal asks to wait, in ms from now: a floor, finite and never negative. Undefined: it does not say.
 *
 * `Retry-After` goes first; else the longest wait for a limit that is used up. One with units left asks for nothing: to
 * spread them over the time that is left is not the reader's to decide. A reset without a word on what is left counts,
 * since the answer is a refusal.
 */
export function readHint(headers: HttpHeaders, nowEpochMs: number): number | undefined {
  const retryAfterMs = readRetryAfter(headers, nowEpochMs);
  if (retryAfterMs !== undefined) return retryAfterMs;
  const { limits } = readRateLimits(headers, nowEpochMs);
  return longest(limits.filter(({ remaining = 0 }) => remaining === 0).map(({ resetMs }) => resetMs));
}

/**
 * How long the limits are used up that an answer says are, in ms from now, whether it is a refusal or not. Undefined: none
 * is, or not for a time that it tells. Unlike `readHint` it takes no notice of `Retry-After`, which on a success (202,
 * 301) is about something else.
 */
export function readExhausted(headers: HttpHeaders, nowEpochMs: number): number | undefined {
  const { limits } = readRateLimits(headers, nowEpochMs);
  return longest(limits.filter(({ remaining }) => remaining === 0).map(({ resetMs }) => resetMs));
}
