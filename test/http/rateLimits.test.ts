import { describe, expect, it } from 'vitest';
import { readExhausted, readHint, readRateLimits } from '../../src/http/rateLimits.js';
import fields from '../vectors/ratelimit-fields.json' with { type: 'json' };
import hints from '../vectors/retry-after.json' with { type: 'json' };

const now = Date.UTC(2026, 0, 1);

interface Policy {
  readonly name: string;
  readonly quota: number;
  readonly windowSec?: number;
  readonly unit?: string;
  readonly partitionKey?: string;
}

interface State {
  readonly name: string;
  readonly remaining: number;
  readonly resetSec?: number;
  readonly partitionKey?: string;
}

interface Vector {
  readonly name: string;
  readonly headers: Record<string, string | string[]>;
  readonly policies: readonly Policy[];
  readonly limits: readonly State[];
  readonly level: string;
}

const vectors = fields.vectors as readonly Vector[];
const byLevel = (level: string) => vectors.filter((vector) => vector.level === level);

/** Base64 may be written in several ways; these are the same bytes. */
const canonical = (base64: string | undefined) => base64 && Buffer.from(base64, 'base64').toString('base64');
const inMs = (seconds: number | undefined) => seconds && seconds * 1_000;

describe('readRateLimits', () => {
  it.each(byLevel('must'))('should read $name', ({ headers, policies, limits }) => {
    expect(readRateLimits(headers, now)).toEqual({
      policies: policies.map(({ name, quota, windowSec, unit, partitionKey }) => ({
        name,
        quota,
        windowMs: inMs(windowSec),
        unit,
        partitionKey: canonical(partitionKey),
      })),
      limits: limits.map(({ name, remaining, resetSec, partitionKey }) => ({
        name,
        remaining,
        resetMs: inMs(resetSec),
        partitionKey: canonical(partitionKey),
      })),
    });
  });

  // One member that breaks a rule makes its whole field void.
  it.each(byLevel('must-not-use'))('should take nothing from $name', ({ headers }) => {
    expect(readRateLimits(headers, now)).toEqual({ policies: [], limits: [] });
  });

  // Strict here too: a token is no name, and a state that does not say what is left says nothing.
  it.each(byLevel('choice'))('should take nothing from $name', ({ headers }) => {
    expect(readRateLimits(headers, now)).toEqual({ policies: [], limits: [] });
  });

  it('should have vectors of each level', () => {
    expect(['must', 'must-not-use', 'choice'].map((level) => byLevel(level).length)).toEqual([623, 164, 2]);
  });

  it.each([
    ['a time beyond all numbers', { ratelimit: '"a";r=0;t=999999999999999' }],
    ['a parameter without a value', { ratelimit: '"a";r;t=1' }],
    ['a key that is no byte sequence', { ratelimit: '"a";r=0;t=1;pk="me"' }],
    ['a unit that is no string', { 'ratelimit-policy': '"a";q=1;qu=requests' }],
    ['a window of fractions', { 'ratelimit-policy': '"a";q=1;w=60.0' }],
    ['an inner list', { ratelimit: '("a" "b");r=0;t=1' }],
    ['a good member before a bad one', { ratelimit: '"a";r=0;t=1, "b";t=1' }],
    ['an earlier draft without what is left', { ratelimit: 'limit=100, reset=30' }],
    ['an earlier draft with fractions', { ratelimit: 'limit=100, remaining=50.0, reset=30' }],
    ['an earlier draft with a sign', { ratelimit: 'limit=100, remaining=-1, reset=30' }],
  ])('should take nothing from %s', (_, headers) => {
    expect(readRateLimits(headers, now)).toEqual({ policies: [], limits: [] });
  });

  it('should mind fractions only where they matter', () => {
    const headers = { ratelimit: '"a;r=1.0";r=7;load=0.25;note=";t=1.5"' };
    expect(readRateLimits(headers, now).limits).toEqual([{ name: 'a;r=1.0', remaining: 7 }]);
  });

  it('should read the form of an earlier draft', () => {
    expect(readRateLimits({ RateLimit: 'limit=100, remaining=50, reset=30' }, now)).toEqual({
      policies: [{ name: 'ratelimit', quota: 100 }],
      limits: [{ name: 'ratelimit', remaining: 50, resetMs: 30_000 }],
    });
  });

  it('should read a zero with a sign as zero', () => {
    const zeros = [{ name: 'ratelimit', remaining: 0, resetMs: 0 }];
    expect(readRateLimits({ ratelimit: 'remaining=-0, reset=-0' }, now).limits).toEqual(zeros);
    expect(readRateLimits({ ratelimit: '"ratelimit";r=-0;t=-0' }, now).limits).toEqual(zeros);
    expect(readHint({ ratelimit: '"a";r=-0;t=-0' }, now)).toBe(0);
  });

  it('should find nothing where nothing is said', () => {
    const headers = { 'content-type': 'text/html', ratelimit: undefined, 'x-ratelimit-limit': undefined };
    expect(readRateLimits(headers, now)).toEqual({ policies: [], limits: [] });
  });
});

describe('readHint', () => {
  /** Where libraries differ: a field that is not readable is as good as absent, and a limit with units left asks for nothing. */
  const stands: readonly (number | null)[] = [
    2_000_000, // Retry-After: 1e3 beside RateLimit-Reset: 2000
    2_000_000, // an empty Retry-After beside RateLimit-Reset: 2000
    1_000, // RateLimit-Reset in seconds
    3_000, // RateLimit-Reset in Unix seconds
    2_000, // X-RateLimit-Reset
    2_000, // X-Rate-Limit-Reset
    0, // retry-after-ms: 0 goes before Retry-After
    3_000, // retry-after-ms goes before Retry-After
    null, // r=9: units are left
  ];
  const { headerPrecedence } = hints;

  it.each(headerPrecedence.filter(({ level }) => level === 'must'))('should read $headers', (vector) => {
    expect(readHint(vector.headers, vector.now) ?? null).toBe(vector.delayMs);
  });

  it('should take a stand on every vector that is left to choice', () => {
    const choices = headerPrecedence.filter(({ level }) => level === 'choice');
    expect(choices.map(({ headers, now: at }) => readHint(headers, at) ?? null)).toEqual(stands);
  });

  it.each([
    ['the longest of several limits that are used up', { ratelimit: '"a";r=0;t=5, "b";r=0;t=50, "c";r=0' }, 50_000],
    ['nothing for a limit with units left', { ratelimit: '"a";r=1;t=50' }, undefined],
    [
      'nothing for a limit with units left in decimals',
      { 'x-ratelimit-remaining': '598.0', 'x-ratelimit-reset': '300' },
      undefined,
    ],
    ['only the limits that are used up', { ratelimit: '"a";r=0;t=5, "b";r=1;t=50' }, 5_000],
    ['nothing for a limit that does not say how long', { ratelimit: '"a";r=0' }, undefined],
    [
      'the longest over all forms',
      { ratelimit: '"a";r=0;t=5', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '9' },
      9_000,
    ],
    [
      'the wait of the one limit of several that is used up',
      { 'x-ratelimit-remaining': '0, 14523', 'x-ratelimit-reset': '1, 1419704' },
      1_000,
    ],
    ['a field that stands beside one that is void', { ratelimit: 'nonsense=', 'x-ratelimit-reset': '9' }, 9_000],
    ['Retry-After, even where it is shorter', { 'retry-after': '1', ratelimit: '"a";r=0;t=5' }, 1_000],
  ])('should give %s', (_, headers, delayMs) => {
    expect(readHint(headers as Record<string, string>, now)).toBe(delayMs);
  });
});

describe('readExhausted', () => {
  it.each([
    ['a limit that is used up', { ratelimit: '"a";r=0;t=30' }, 30_000],
    ['one of the older forms', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }, 30_000],
    [
      'the wait of the one limit of several that is used up',
      { 'x-ratelimit-remaining': '0, 14523', 'x-ratelimit-reset': '1, 1419704' },
      1_000,
    ],
    ['nothing for units left', { ratelimit: '"a";r=1;t=30' }, undefined],
    ['nothing for a reset alone', { 'x-ratelimit-reset': '30' }, undefined],
    ['nothing for Retry-After', { 'retry-after': '30' }, undefined],
  ])('should give %s', (_, headers, delayMs) => {
    expect(readExhausted(headers as Record<string, string>, now)).toBe(delayMs);
  });
});
