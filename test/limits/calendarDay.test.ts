import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { calendarOf } from '../../src/limits/calendarDay.js';

const hourMs = 3_600_000;

describe('calendarOf', () => {
  it.each<[string, string, string, number]>([
    // zone, an instant, the date there, the end of that date in UTC
    ['UTC', '2026-11-01T12:00:00.000Z', '2026-11-01', Date.UTC(2026, 10, 2)],
    ['UTC', '2026-11-01T23:59:59.999Z', '2026-11-01', Date.UTC(2026, 10, 2)],
    ['UTC', '2026-11-02T00:00:00.000Z', '2026-11-02', Date.UTC(2026, 10, 3)],
    ['Asia/Shanghai', '2026-11-01T15:59:59.999Z', '2026-11-01', Date.UTC(2026, 10, 1, 16)],
    ['Asia/Kathmandu', '2026-11-01T12:00:00.000Z', '2026-11-01', Date.UTC(2026, 10, 1, 18, 15)],
    ['Pacific/Kiritimati', '2026-11-01T12:00:00.000Z', '2026-11-02', Date.UTC(2026, 10, 2, 10)],
    ['America/New_York', '2028-02-29T12:00:00.000Z', '2028-02-29', Date.UTC(2028, 2, 1, 5)],
    // Samoa went to bed on the 29th and woke up on the 31st.
    ['Pacific/Apia', '2011-12-30T00:00:00.000Z', '2011-12-29', Date.UTC(2011, 11, 30, 10)],
    ['Pacific/Apia', '2011-12-30T10:00:00.000Z', '2011-12-31', Date.UTC(2011, 11, 31, 10)],
  ])('%s at %s: %s', (zone, at, date, untilMs) => {
    const fromMs = Date.parse(at);
    const day = calendarOf(zone)(fromMs);
    expect(day).toMatchObject({ date, untilMs });
    expect(day.fromMs).toBeLessThanOrEqual(fromMs);
  });

  it.each<[string, string, number]>([
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['America/New_York', '2026-03-08', 23],
    ['America/New_York', '2026-11-01', 25],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    // These days have no midnight: they begin at 01:00.
    ['America/Santiago', '2026-09-06', 23],
    ['Africa/Cairo', '2026-04-24', 23],
    ['Asia/Beirut', '2026-03-29', 23],
    // On these the clock goes from 24:00 back to 23:00 of the same date.
    ['America/Santiago', '2026-04-04', 25],
    ['Africa/Cairo', '2026-10-29', 25],
    ['Asia/Beirut', '2026-10-24', 25],
  ])('in %s, %s lasts %f hours', (zone, date, hours) => {
    const dayAt = calendarOf(zone);
    let day = dayAt(Date.parse(`${date}T00:00:00Z`) - 30 * hourMs);
    while (day.date < date) day = dayAt(day.untilMs);
    expect(day).toEqual({ date, fromMs: day.fromMs, untilMs: day.fromMs + hours * hourMs });
  });

  it.each([0.25, 0.5, 0.999])('comes to an end %f ms after a full hour too', (fraction) => {
    const untilMs = Date.UTC(2026, 10, 2);
    expect(calendarOf('UTC')(untilMs - hourMs + fraction).untilMs).toBe(untilMs);
    expect(calendarOf('UTC')(untilMs - fraction).untilMs).toBe(untilMs);
  });

  it('should always answer the same, whatever was asked before', () => {
    const zone = 'America/New_York';
    const format = new Intl.DateTimeFormat('de-DE', { timeZone: zone, dateStyle: 'short' });
    // Around the day of 25 hours, back and forth.
    const noonMs = Date.UTC(2026, 10, 1, 17);
    const agoMs = fc.oneof(fc.integer({ min: -60 * hourMs, max: 60 * hourMs }), fc.nat(1_000));
    fc.assert(
      fc.property(fc.array(agoMs, { maxLength: 20 }), (asked) => {
        const dayAt = calendarOf(zone);
        for (const each of asked) {
          const atMs = noonMs - each;
          const { fromMs, untilMs } = dayAt(atMs);
          expect([atMs >= fromMs, atMs < untilMs]).toEqual([true, true]);
          const dates = [fromMs, atMs, untilMs - 1, untilMs].map((ms) => format.format(ms));
          expect(new Set(dates.slice(0, 3)).size).toBe(1);
          expect(dates[3]).not.toBe(dates[2]);
        }
      }),
    );
  });

  it('asks the platform no more than it must: today and yesterday are known', () => {
    // `format` is a getter, which the types of the platform do not tell.
    const read = vi.spyOn(Intl.DateTimeFormat.prototype as { readonly format: unknown }, 'format', 'get');
    const dayAt = calendarOf('Pacific/Kiritimati');
    const noonMs = Date.UTC(2026, 5, 1, 22);
    const readsFor = (...atMs: readonly number[]): number => {
      read.mockClear();
      for (const each of atMs) dayAt(each);
      return read.mock.calls.length;
    };
    expect(readsFor(noonMs)).toBeGreaterThan(1);
    expect(readsFor(noonMs, noonMs + 1, noonMs + 11 * hourMs)).toBe(0);
    // Earlier on the same date: where that ends is known.
    expect(readsFor(noonMs - hourMs, noonMs - hourMs, noonMs)).toBe(1);
    expect(readsFor(noonMs - 24 * hourMs)).toBeGreaterThan(1);
    expect(readsFor(noonMs, noonMs - 24 * hourMs, noonMs, noonMs - 24 * hourMs)).toBe(0);
    // No third day is remembered.
    expect(readsFor(noonMs + 24 * hourMs)).toBeGreaterThan(1);
    expect(readsFor(noonMs)).toBeGreaterThan(1);
    read.mockRestore();
  });

  it('throws for a zone that does not exist', () => {
    expect(() => calendarOf('Europe/Atlantis')).toThrow(RangeError);
  });
});
