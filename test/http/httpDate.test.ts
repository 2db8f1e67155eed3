import { describe, expect, it } from 'vitest';
import { parseHttpDate } from '../../src/http/httpDate.js';
import table from '../vectors/http-date.json' with { type: 'json' };

const now = Date.UTC(2026, 0, 1);

describe('parseHttpDate', () => {
  it.each(table.vectors)('reads $form "$value"', ({ value, at }) => {
    expect(parseHttpDate(value, now) ?? null).toBe(at);
  });

  it('reads a leap second at the end of a day in all three forms', () => {
    const newYear = Date.UTC(2017, 0, 1);
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:60 GMT', now)).toBe(newYear);
    expect(parseHttpDate('Saturday, 31-Dec-16 23:59:60 GMT', now)).toBe(newYear);
    expect(parseHttpDate('Sat Dec 31 23:59:60 2016', now)).toBe(newYear);
  });

  it('refuses a second leap second', () => {
    expect(parseHttpDate('Sat, 31 Dec 2016 23:59:61 GMT', now)).toBeUndefined();
  });

  it('takes a year of four digits as it is, however small', () => {
    expect(parseHttpDate('Sat, 01 Jan 0050 00:00:00 GMT', now)).toBe(Date.parse('0050-01-01T00:00:00Z'));
  });

  it.each([
    ['50 years ahead to the second', 'Wednesday, 01-Jan-76 00:00:00 GMT', Date.UTC(2076, 0, 1)],
    ['a second more than that', 'Wednesday, 01-Jan-76 00:00:01 GMT', Date.UTC(1976, 0, 1, 0, 0, 1)],
    ['a leap day that only the past century has', 'Tuesday, 29-Feb-00 00:00:00 GMT', Date.UTC(2000, 1, 29)],
    ['a leap day that no such year has', 'Tuesday, 29-Feb-01 00:00:00 GMT', undefined],
  ])('gives two digits their century: %s', (_, value, at) => {
    expect(parseHttpDate(value, now)).toBe(at);
  });

  it('looks into the next century near the end of one', () => {
    expect(parseHttpDate('Friday, 01-Jan-02 00:00:00 GMT', Date.UTC(2099, 5, 1))).toBe(Date.UTC(2102, 0, 1));
  });
});
