import { describe, expect, it } from 'vitest';
import { parseRetryAfter, readRetryAfter } from '../../src/http/retryAfter.js';
import table from '../vectors/retry-after.json' with { type: 'json' };

const now = Date.UTC(2026, 0, 1);

// Where libraries differ, we keep to RFC 9110: whole seconds or an HTTP-date, one value a field.
const refusedByChoice = [
  'Mon, 3 Jun 2019 12:00:00 UTC',
  '2026-01-01T00:00:30.000Z',
  'Thu, 01 Jan 2026 00:00:30 GMT, 45',
  '0.1',
];

describe('parseRetryAfter', () => {
  const decided = table.vectors.filter(({ level, delayMs }) => level === 'must' && typeof delayMs !== 'string');

  it.each(decided)('reads "$value"', ({ value, now: at, delayMs }) => {
    expect(parseRetryAfter(value, at) ?? null).toBe(delayMs);
  });

  it.each(['99999999999999999999', '9'.repeat(400)])('ignores seconds that no number of ms holds: %s', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined();
  });

  it('takes a stand on every vector that is left to choice', () => {
    const choices = table.vectors.filter(({ level }) => level === 'choice');
    expect(choices.map(({ value }) => value)).toEqual(refusedByChoice);
    expect(choices.map(({ value, now: at }) => parseRetryAfter(value, at))).toEqual(choices.map(() => undefined));
  });
});

describe('readRetryAfter', () => {
  const ours = table.headerPrecedence.filter(({ headers }) =>
    Object.keys(headers).every((name) => name.startsWith('retry-after')),
  );

  it.each(ours)('reads $headers', ({ headers, now: at, delayMs }) => {
    expect(readRetryAfter(headers, at) ?? null).toBe(delayMs);
  });

  it('has vectors of its own to read', () => {
    expect(ours).toHaveLength(3);
  });

  it('finds nothing where nothing is said', () => {
    expect(readRetryAfter({}, now)).toBeUndefined();
    expect(readRetryAfter({ 'retry-after': undefined, 'content-type': 'text/html' }, now)).toBeUndefined();
  });

  it('takes names in any case', () => {
    expect(readRetryAfter({ 'Retry-After': '7' }, now)).toBe(7_000);
    expect(readRetryAfter({ 'RETRY-AFTER-MS': '7' }, now)).toBe(7);
  });

  it('falls back on Retry-After where the milliseconds are not readable', () => {
    expect(readRetryAfter({ 'retry-after-ms': '-5', 'retry-after': '2' }, now)).toBe(2_000);
  });

  it('rounds fractions of a millisecond up, so that the floor holds', () => {
    expect(readRetryAfter({ 'retry-after-ms': ' 1500.2 ' }, now)).toBe(1_501);
  });

  it('keeps to the longest of several values, and over those that are not readable', () => {
    expect(readRetryAfter({ 'retry-after': ['1', 'soon', '30', '5'] }, now)).toBe(30_000);
  });

  it('counts a date from the Date of the answer, whatever our clock says', () => {
    const headers = { date: 'Thu, 01 Jan 2026 00:00:00 GMT', 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' };
    expect(readRetryAfter(headers, now + 3_600_000)).toBe(30_000);
    expect(readRetryAfter(headers, now - 3_600_000)).toBe(30_000);
  });

  it('counts a date from our clock where the Date of the answer is missing or not readable', () => {
    const headers = { date: 'today', 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' };
    expect(readRetryAfter(headers, now + 10_000)).toBe(20_000);
  });
});
