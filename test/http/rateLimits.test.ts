import { describe, expect, it } from 'vitest';
import { readExhausted, readHint, readRateLimits } from '../../src/http/rateLimits.js';
import fields from '../vectors/ratelimit-fields.json' with { type: 'json' };
import hints from '../vectors/retry-after.json' with { type: 'json' };

const now = Date.UTC(2026, 0, 1);
const inTwoMinutes = now + 120_000;

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

  it.each(['RateLimit', 'X-RateLimit', 'X-Rate-Limit', 'rate-limit'])('should read %s-Limit and its kin', (prefix) => {
    const headers = { [`${prefix}-Limit`]: '100', [`${prefix}-Remaining`]: '50', [`${prefix}-Reset`]: '30' };
    const name = prefix.toLowerCase();
    expect(readRateLimits(headers, now)).toEqual({
      policies: [{ name, quota: 100 }],
      limits: [{ name, remaining: 50, resetMs: 30_000 }],
    });
  });

  it('should keep families apart by what their names end with', () => {
    const headers = {
      'x-ratelimit-limit-requests': '60',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-requests': '1s',
      'x-ratelimit-limit-tokens': '150000',
      'x-ratelimit-remaining-tokens': '149984',
      'x-ratelimit-reset-tokens': '6m0s',
    };
    expect(readRateLimits(headers, now)).toEqual({
      policies: [
        { name: 'x-ratelimit-requests', quota: 60 },
        { name: 'x-ratelimit-tokens', quota: 150_000 },
      ],
      limits: [
        { name: 'x-ratelimit-requests', remaining: 59, resetMs: 1_000 },
        { name: 'x-ratelimit-tokens', remaining: 149_984, resetMs: 360_000 },
      ],
    });
  });

  it('should take each reset of several limits for the one in its place', () => {
    const headers = {
      'x-ratelimit-limit': '1, 15000',
      'x-ratelimit-policy': '1;w=1, 15000;w=2592000',
      'x-ratelimit-remaining': '0, 14523',
      'x-ratelimit-reset': '1, 1419704',
    };
    expect(readRateLimits(headers, now)).toEqual({
      policies: [{ name: 'x-ratelimit', quota: 1 }],
      limits: [
        { name: 'x-ratelimit', remaining: 0, resetMs: 1_000 },
        { name: 'x-ratelimit', remaining: 14_523, resetMs: 1_419_704_000 },
      ],
    });
  });

  it('should take the first limit, the least left and the longest wait of several values that do not go together', () => {
    const headers = {
      'ratelimit-limit': '100, 100;w=60, 5000;w=3600',
      'ratelimit-remaining': ['7', '3'],
      'ratelimit-reset': ['10', '20, 5'],
    };
    expect(readRateLimits(headers, now)).toEqual({
      policies: [{ name: 'ratelimit', quota: 100 }],
      limits: [{ name: 'ratelimit', remaining: 3, resetMs: 20_000 }],
    });
  });

  it.each([
    ['seconds left', '30', 30_000],
    ['fractions of a second, rounded up', '0.0305', 31],
    ['the most that is taken for seconds left', '999999999', 999_999_999_000],
    ['Unix seconds', String(inTwoMinutes / 1_000), 120_000],
    ['Unix seconds with fractions', String(inTwoMinutes / 1_000 + 0.5), 120_500],
    ['Unix milliseconds', String(inTwoMinutes), 120_000],
    ['an instant that has passed', String(now / 1_000 - 1), 0],
    ['now', '0', 0],
    ['milliseconds', '6ms', 6],
    ['minutes and seconds', '1m30s', 90_000],
    ['hours, and seconds with fractions', '1h0m2.5s', 3_602_500],
    ['seconds and milliseconds', '1s500ms', 1_500],
    ['no number', 'soon', undefined],
    ['nothing', '', undefined],
    ['a sign', '-5', undefined],
    ['an exponent', '1e3', undefined],
    ['seconds beyond all numbers', '9'.repeat(400), undefined],
    ['hours beyond all numbers', `${'9'.repeat(400)}h`, undefined],
    ['units in the wrong order', '30s1m', undefined],
  ])('should read a reset as %s', (_, value, resetMs) => {
    const { limits } = readRateLimits({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': value }, now);
    expect(limits).toEqual([{ name: 'x-ratelimit', remaining: 1, resetMs }]);
  });

  it('should count an instant from the Date of the answer, whatever our clock says', () => {
    const headers = { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'x-ratelimit-reset': String(inTwoMinutes / 1_000) };
    expect(readRateLimits(headers, now + 3_600_000).limits).toEqual([{ name: 'x-ratelimit', resetMs: 120_000 }]);
  });

  it.each([
    ['598.0', 598],
    ['0.0', 0],
    ['0.5', 0],
  ])('should take the whole units of "%s" for what is left', (remaining, units) => {
    expect(readRateLimits({ 'x-ratelimit-remaining': remaining }, now).limits).toEqual([
      { name: 'x-ratelimit', remaining: units },
    ]);
  });

  it.each(['-1', '1.', '1e3', 'many', '', '9'.repeat(20)])('should not take "%s" for what is left', (remaining) => {
    expect(readRateLimits({ 'x-ratelimit-remaining': remaining }, now).limits).toEqual([]);
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
