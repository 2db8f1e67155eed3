import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpHeaders } from '../../src/http/httpHeaders.js';
import { readExhausted, readHint, readRateLimits } from '../../src/http/rateLimits.js';
import { runs } from '../runs.js';

const epochMs = fc.integer({ min: 0, max: Date.UTC(2300, 0, 1) });
const names = [
  ...['ratelimit', 'RateLimit-Policy', 'retry-after', 'retry-after-ms', 'date'],
  ...['ratelimit', 'x-ratelimit', 'X-Rate-Limit', 'anthropic-ratelimit-tokens'].flatMap((prefix) =>
    ['limit', 'remaining', 'reset', 'reset-tokens'].map((part) => `${prefix}-${part}`),
  ),
];
/** Pieces that nearly make fields, in any order. */
const shards = fc
  .array(
    fc.oneof(
      fc.constantFrom('"a"', '"', '\\', ';', ',', ' ', '\t', '=', ':', '(', ')', '-', '.', '%"', '@', '?1'),
      fc.constantFrom('r=0', 't=30', 'q=1', 'w=60', 'pk=:AAA=:', 'limit=', 'remaining=0', 'reset=30', '1m30s', '6ms'),
      fc.date().map((date) => JSON.stringify(date).slice(1, -1)),
      fc.nat().map(String),
      fc.bigInt({ min: 0n }).map(String),
      fc.double().map(String),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));
const value = fc.oneof(fc.string({ unit: 'binary' }), shards, fc.stringMatching(/^[0-9+\-.eE hms]{0,40}$/));
const headers: fc.Arbitrary<HttpHeaders> = fc.oneof(
  fc.dictionary(fc.constantFrom(...names), fc.oneof(value, fc.array(value))),
  fc.dictionary(fc.string(), fc.oneof(value, fc.array(value))),
);

const isWait = (delayMs = 0): boolean => Number.isSafeInteger(delayMs) && delayMs >= 0 && !Object.is(delayMs, -0);

describe('what servers say about limits', () => {
  it('should never be read as anything but whole waits of at least 0, or nothing', () => {
    fc.assert(
      fc.property(headers, epochMs, (given, nowMs) => {
        expect(isWait(readHint(given, nowMs)) && isWait(readExhausted(given, nowMs))).toBe(true);
      }),
      runs(2_000),
    );
  });

  it('should never be read as anything but whole units and whole waits', () => {
    fc.assert(
      fc.property(headers, epochMs, (given, nowMs) => {
        const { policies, limits } = readRateLimits(given, nowMs);
        for (const { quota, windowMs = 1 } of policies)
          expect(isWait(quota) && isWait(windowMs) && windowMs > 0).toBe(true);
        for (const { remaining, resetMs } of limits) expect(isWait(remaining) && isWait(resetMs)).toBe(true);
      }),
      runs(2_000),
    );
  });

  it('should always be read back as a server writes it', () => {
    const name = fc.stringMatching(/^[a-zX-Z0-9 ;,=.']{0,20}$/);
    const state = fc.record({ name, r: fc.nat(), t: fc.nat() });
    fc.assert(
      fc.property(fc.array(state), epochMs, (states, nowMs) => {
        const field = states.map((it) => `"${it.name}";r=${it.r};t=${it.t}`).join(', ');
        const { limits } = readRateLimits({ ratelimit: field }, nowMs);
        expect(limits).toEqual(states.map((it) => ({ name: it.name, remaining: it.r, resetMs: it.t * 1_000 })));
        const waits = states.filter(({ r }) => r === 0).map(({ t }) => t * 1_000);
        expect(readHint({ ratelimit: field }, nowMs)).toBe(waits.length === 0 ? undefined : Math.max(...waits));
      }),
    );
  });

  it('should always tell seconds left, Unix seconds, Unix milliseconds and timestamps apart', () => {
    const thisCentury = fc.integer({ min: Date.UTC(2002, 0, 1), max: Date.UTC(2100, 0, 1) });
    fc.assert(
      fc.property(thisCentury, fc.integer({ min: 0, max: 366 * 86_400 }), (atMs, seconds) => {
        const nowMs = Math.floor(atMs / 1_000) * 1_000;
        const dueMs = nowMs + seconds * 1_000;
        const resets = [String(seconds), String(dueMs / 1_000), String(dueMs), new Date(dueMs).toISOString()];
        const waits = resets.map((reset) => readHint({ 'x-ratelimit-reset': reset }, nowMs));
        expect(waits).toEqual(resets.map(() => seconds * 1_000));
      }),
    );
  });
});
