import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHttpDate } from '../../src/http/httpDate.js';
import { parseRetryAfter, readRetryAfter } from '../../src/http/retryAfter.js';
import { runs } from '../runs.js';
import { expectCount, expectLinear, expectUnpolluted } from './expectations.js';
import { mangled } from './mangled.js';

const longDays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const epochMs = fc.integer({ min: 0, max: Date.UTC(2300, 0, 1) });
const date = fc.date({ min: new Date(0), max: new Date(Date.UTC(9_999, 11, 31)), noInvalidDate: true });
/** Days and times of any clock and calendar, ours or not. */
const anyTime = fc
  .tuple(...[39, 29, 69, 69].map((max) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'))))
  .chain(([day, ...time]) =>
    fc.constantFrom('Jan', 'Feb', 'Jun', 'Dec').map((month) => `Sun, ${day} ${month} 2096 ${time.join(':')} GMT`),
  );
const good = fc.oneof(
  anyTime,
  fc.nat().map(String),
  date.map((it) => it.toUTCString()),
  date.map(asRfc850),
  date.map(asAsctime),
  fc.double({ min: 0, max: 1e9, noNaN: true }).map((ms) => ms.toFixed(3)),
);
const value = fc.oneof(mangled(good, 'GMT', ' 60', '24:00', 'Feb', '31', '29'), fc.string({ unit: 'binary' }));
const lines = fc.oneof(value, fc.array(value, { maxLength: 3 }));

function asRfc850(it: Date): string {
  const [, day = '', month = '', year = '', time = ''] = it.toUTCString().split(' ');
  return `${longDays[it.getUTCDay()]}, ${day}-${month}-${year.slice(-2)} ${time} GMT`;
}

function asAsctime(it: Date): string {
  const [weekday = '', day = '', month = '', year = '', time = ''] = it.toUTCString().split(' ');
  return `${weekday.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

describe('Retry-After, of any text', () => {
  it('should never be anything but whole ms of at least 0, or nothing', () => {
    const headers = fc.dictionary(
      fc.constantFrom('retry-after', 'Retry-After', 'retry-after-ms', 'date', '__proto__', 'constructor'),
      lines,
    );
    fc.assert(
      fc.property(headers, value, epochMs, (given, text, nowMs) => {
        expectCount(readRetryAfter(given, nowMs));
        expectCount(parseRetryAfter(text, nowMs));
        expectUnpolluted();
      }),
      runs(500),
    );
  });

  it('should always be the same instant once it is written again, of what passes for a date', () => {
    let dates = 0;
    fc.assert(
      fc.property(value, epochMs, (text, nowMs) => {
        const atMs = parseHttpDate(text, nowMs);
        if (atMs === undefined) return;
        dates += 1;
        const it = new Date(atMs);
        expect([it.toUTCString(), asAsctime(it)].map((again) => parseHttpDate(again, nowMs))).toEqual([atMs, atMs]);
        // No day or time is taken for the next one: but for the second that leaps, it is there to the letter.
        if (text.endsWith(' GMT') && text[3] === ',' && !text.endsWith(':60 GMT')) {
          expect(text.slice(4)).toBe(it.toUTCString().slice(4));
        }
        expect(parseRetryAfter(text, nowMs)).toBe(Math.max(0, atMs - nowMs));
      }),
      runs(500),
    );
    expect(dates).toBeGreaterThan(3);
  });

  it('should never take longer than a text is long', () => {
    const read = (text: string): unknown =>
      readRetryAfter({ 'retry-after': text, 'retry-after-ms': text, date: text }, 0);
    for (const piece of [' ', '\t', '1', '1 ', 'Sun, ', '1.']) {
      expectLinear(read, (length) => `1${piece.repeat(length / piece.length)}x`);
    }
    expectCount(readRetryAfter({ 'retry-after': Array<string>(300_000).fill('1') }, 0));
  });
});
