import { describe, expect, it } from 'vitest';
import { readOlderRateLimits } from '../../src/http/olderRateLimitFields.js';

const now = Date.UTC(2026, 0, 1);
const inTwoMinutes = now + 120_000;

describe('the fields of before the standard', () => {
  it.each(['RateLimit', 'X-RateLimit', 'X-Rate-Limit', 'rate-limit'])('should read %s-Limit and its kin', (prefix) => {
    const headers = { [`${prefix}-Limit`]: '100', [`${prefix}-Remaining`]: '50', [`${prefix}-Reset`]: '30' };
    const name = prefix.toLowerCase();
    expect(readOlderRateLimits(headers, now)).toEqual({
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
    expect(readOlderRateLimits(headers, now)).toEqual({
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

  it.each([
    ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens'],
    ['X-RateLimit-Requests-Remaining', 'x-ratelimit-requests'],
    ['X-HubSpot-RateLimit-Daily-Remaining', 'x-hubspot-ratelimit-daily'],
    ['fastly-ratelimit-remaining', 'fastly-ratelimit'],
    ['x-ms-ratelimit-remaining-tenant-reads', 'x-ms-ratelimit-tenant-reads'],
    ['x-ratelimit-remaining-limit', 'x-ratelimit-limit'],
  ])('should read %s, whosever limit it is and wherever its name stands', (field, name) => {
    const reset = field.toLowerCase().replace('remaining', 'reset');
    expect(readOlderRateLimits({ [field]: '0', [reset]: '30' }, now).limits).toEqual([
      { name, remaining: 0, resetMs: 30_000 },
    ]);
  });

  it.each(['x-ratelimited-remaining', 'x-ratelimit-used', 'x-limit-remaining', 'remaining', 'x-ratelimitremaining'])(
    'should not take %s for one of them',
    (field) => {
      expect(readOlderRateLimits({ [field]: '0' }, now).limits).toEqual([]);
    },
  );

  it('should take each reset of several limits for the one in its place', () => {
    const headers = {
      'x-ratelimit-limit': '1, 15000',
      'x-ratelimit-policy': '1;w=1, 15000;w=2592000',
      'x-ratelimit-remaining': '0, 14523',
      'x-ratelimit-reset': '1, 1419704',
    };
    expect(readOlderRateLimits(headers, now)).toEqual({
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
    expect(readOlderRateLimits(headers, now)).toEqual({
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
    ['a timestamp', '2026-01-01T00:02:00Z', 120_000],
    ['a timestamp with fractions, rounded up', '2026-01-01T00:02:00.000250Z', 120_001],
    ['a timestamp of another time zone', '2026-01-01T01:02:00+01:00', 120_000],
    ['a timestamp that has passed', '2025-12-31T23:59:59Z', 0],
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
    ['a timestamp of no time zone', '2026-01-01T00:02:00', undefined],
    ['a timestamp of no day', '2026-02-30T00:02:00Z', undefined],
    ['a date alone', '2026-01-02', undefined],
  ])('should read a reset as %s', (_, value, resetMs) => {
    const { limits } = readOlderRateLimits({ 'x-ratelimit-remaining': '1', 'x-ratelimit-reset': value }, now);
    expect(limits).toEqual([{ name: 'x-ratelimit', remaining: 1, resetMs }]);
  });

  it('should count an instant from the Date of the answer, whatever our clock says', () => {
    const headers = { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'x-ratelimit-reset': String(inTwoMinutes / 1_000) };
    expect(readOlderRateLimits(headers, now + 3_600_000).limits).toEqual([{ name: 'x-ratelimit', resetMs: 120_000 }]);
  });

  it.each([
    ['598.0', 598],
    ['0.0', 0],
    ['0.5', 0],
  ])('should take the whole units of "%s" for what is left', (remaining, units) => {
    expect(readOlderRateLimits({ 'x-ratelimit-remaining': remaining }, now).limits).toEqual([
      { name: 'x-ratelimit', remaining: units },
    ]);
  });

  it.each(['-1', '1.', '1e3', 'many', '', '9'.repeat(20)])('should not take "%s" for what is left', (remaining) => {
    expect(readOlderRateLimits({ 'x-ratelimit-remaining': remaining }, now).limits).toEqual([]);
  });
});
