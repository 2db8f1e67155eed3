import { parseHttpDate } from './httpDate.js';
import { serverNowMs, valuesOf, type HttpHeaders } from './httpHeaders.js';
import { exactMs, longest } from './waits.js';

/**
 * How long an answer asks to wait, in ms from now: finite, never negative. Undefined: it does not say, or not readably.
 *
 * `retry-after-ms` (a number of ms, fractions allowed) goes before `Retry-After`, being the finer of the two. A date is
 * counted from the answer's own `Date`, so a clock that is wrong on either side does no harm; without one, from
 * `nowEpochMs`. Of several values of one field the longest counts: a hint is a floor. Nothing caps it.
 */
export function readRetryAfter(headers: HttpHeaders, nowEpochMs: number): number | undefined {
  return (
    longest(valuesOf(headers, 'retry-after-ms').map(parseMilliseconds)) ??
    longest(valuesOf(headers, 'retry-after').map((value) => parseRetryAfter(value, serverNowMs(headers, nowEpochMs))))
  );
}

/**
 * Reads one `Retry-After` value (RFC 9110, 10.2.3) and returns the wait in ms: whole seconds, or an HTTP-date, which is
 * 0 once it has passed. Anything else is undefined and so ignored: signs, exponents, fractions (`1.0`), ISO dates,
 * two values in one, and seconds beyond what a number of ms holds exactly.
 */
export function parseRetryAfter(value: string, nowEpochMs: number): number | undefined {
  const text = value.replace(/^[ \t]+|(?<![ \t])[ \t]+$/g, '');
  if (/^\d+$/.test(text)) return exactMs(Number(text) * 1_000);
  const atMs = parseHttpDate(text, nowEpochMs);
  return atMs === undefined ? undefined : Math.max(0, atMs - nowEpochMs);
}

function parseMilliseconds(value: string): number | undefined {
  const text = value.trim();
  return /^\d+(\.\d+)?$/.test(text) ? exactMs(Math.ceil(Number(text))) : undefined;
}
