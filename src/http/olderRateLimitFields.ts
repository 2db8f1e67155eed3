import * as z from 'zod/mini';
import { serverNowMs, type HttpHeaders } from './httpHeaders.js';
import type { RateLimits, RateLimitState } from './rateLimitFields.js';
import { exactMs, longest } from './waits.js';

/**
 * `RateLimit-Limit`, `X-RateLimit-Remaining`, `X-Rate-Limit-Reset`, `x-ratelimit-reset-tokens`,
 * `anthropic-ratelimit-tokens-reset`, and so on.
 */
const fieldName = /^((?:.+-)?rate-?limit)(-.+?)??-(limit|remaining|reset)(-.+)?$/;

interface Family {
  readonly limit: string[];
  readonly remaining: string[];
  readonly reset: string[];
}

/**
 * Reads the fields that came before the standard, in families: all whose names differ in `limit`, `remaining` and `reset`
 * alone, whatever else stands before (`X-`, `X-HubSpot-`), between or behind (`-requests`, `-minute`). A value that is not
 * readable is left out.
 *
 * As many resets as counts of what is left are those of as many limits, in the same order: `1, 0` and `2, 3600`. Where they
 * do not go together, the least left and the longest wait count.
 */
export function readOlderRateLimits(headers: HttpHeaders, nowEpochMs: number): RateLimits {
  const families = [...familiesIn(headers)];
  if (families.length === 0) return { policies: [], limits: [] };
  const nowMs = serverNowMs(headers, nowEpochMs);
  return {
    policies: families.flatMap(([name, { limit }]) => {
      const [quota] = limit.map(parseCount).filter((units) => units !== undefined);
      return quota === undefined ? [] : [{ name, quota }];
    }),
    limits: families.flatMap(([name, family]) =>
      statesOf(family, nowMs)
        .filter(({ remaining, resetMs }) => remaining !== undefined || resetMs !== undefined)
        .map((state) => ({ name, ...state })),
    ),
  };
}

function statesOf({ remaining, reset }: Family, nowMs: number): Omit<RateLimitState, 'name'>[] {
  const counts = remaining.map(parseCount);
  const resets = reset.map((value) => parseReset(value, nowMs));
  if (counts.length === resets.length) return counts.map((units, at) => ({ remaining: units, resetMs: resets[at] }));
  const readable = counts.filter((units) => units !== undefined);
  const least = readable.length === 0 ? undefined : readable.reduce((one, other) => Math.min(one, other));
  return [{ remaining: least, resetMs: longest(resets) }];
}

/** From here on a number is an instant in Unix seconds (2001), below it a wait in seconds (31 years). */
const unixSeconds = 1e9;
/** From here on a number is an instant in Unix milliseconds (1973), below it one in seconds (the year 5138). */
const unixMs = 1e11;
const timestamp = z.iso.datetime({ offset: true });
const duration = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/;

/**
 * Reads a reset as a wait in ms, rounded up: seconds left, an instant in Unix seconds or milliseconds (which of them, by
 * its size) or as a timestamp (RFC 3339), or a duration like `1m30s` or `6ms`.
 */
function parseReset(value: string, nowEpochMs: number): number | undefined {
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Number(text);
    if (number < unixSeconds) return exactMs(Math.ceil(number * 1_000));
    return waitUntil(number < unixMs ? number * 1_000 : number, nowEpochMs);
  }
  const parts = duration.exec(text);
  if (parts === null) return timestamp.safeParse(text).success ? waitUntil(epochMsOf(text), nowEpochMs) : undefined;
  const [hours = 0, minutes = 0, seconds = 0, ms = 0] = parts
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return exactMs(Math.ceil(((hours * 60 + minutes) * 60 + seconds) * 1_000 + ms));
}

/** Rounded up: `Date.parse` drops what is finer than a millisecond. */
function epochMsOf(timestamp: string): number {
  return Date.parse(timestamp) + (/\.\d{4}/.test(timestamp) ? 1 : 0);
}

function waitUntil(atMs: number, nowEpochMs: number): number | undefined {
  return exactMs(Math.ceil(Math.max(0, atMs - nowEpochMs)));
}

/** Whole units: of `598.0` there are 598, and of `0.5` there is none. */
function parseCount(value: string): number | undefined {
  const units = /^\d+(\.\d+)?$/.test(value) ? Math.floor(Number(value)) : NaN;
  return Number.isSafeInteger(units) ? units : undefined;
}

function familiesIn(headers: HttpHeaders): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const [key, value = []] of Object.entries(headers)) {
    const [, whose, before = '', part, behind = ''] = fieldName.exec(key.toLowerCase()) ?? [];
    if (part !== 'limit' && part !== 'remaining' && part !== 'reset') continue;
    const name = `${whose}${before}${behind}`;
    const family = families.get(name) ?? { limit: [], remaining: [], reset: [] };
    families.set(name, family);
    for (const text of [value].flat().join(',').split(',')) family[part].push(text.trim());
  }
  return families;
}
