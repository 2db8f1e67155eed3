import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHttpDate } from '../../src/http/httpDate.js';
import { parseRetryAfter, readRetryAfter } from '../../src/http/retryAfter.js';

const epochMs = fc.integer({ min: 0, max: Date.UTC(2300, 0, 1) });
const wholeSecond = epochMs.map((atMs) => Math.floor(atMs / 1_000) * 1_000);
const value = fc.oneof(
  fc.string(),
  fc.stringMatching(/^[0-9+\-.eE ]{0,40}$/),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.bigInt({ min: 0n }).map(String),
);

describe('Retry-After', () => {
  it('should never be read as anything but a finite wait of at least 0, or nothing', () => {
    const headers = fc.record(
      { 'retry-after': fc.oneof(value, fc.array(value)), 'retry-after-ms': value, date: value },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(headers, epochMs, (given, nowMs) => {
        const delayMs = readRetryAfter(given, nowMs) ?? 0;
        expect(Number.isFinite(delayMs) && delayMs >= 0).toBe(true);
      }),
    );
  });

  it('should always read whole seconds exactly', () => {
    fc.assert(
      fc.property(fc.nat(), epochMs, (seconds, nowMs) => {
        expect(parseRetryAfter(String(seconds), nowMs)).toBe(seconds * 1_000);
      }),
    );
  });

  it('should always read back the date that a machine prints', () => {
    fc.assert(
      fc.property(wholeSecond, epochMs, (atMs, nowMs) => {
        expect(parseHttpDate(new Date(atMs).toUTCString(), nowMs)).toBe(atMs);
      }),
    );
  });

  it('should always place a two-digit year within the 100 years that end 50 years from now', () => {
    fc.assert(
      fc.property(epochMs, fc.integer({ min: 0, max: 99 }), (nowMs, year) => {
        const digits = String(year).padStart(2, '0');
        const atMs = parseHttpDate(`Monday, 15-Jun-${digits} 12:00:00 GMT`, nowMs) ?? NaN;
        const thisYear = new Date(nowMs).getUTCFullYear();
        expect(new Date(atMs).getUTCFullYear() % 100).toBe(year);
        expect(new Date(atMs).getUTCFullYear() - thisYear).toBeGreaterThanOrEqual(-50);
        expect(new Date(atMs).getUTCFullYear() - thisYear).toBeLessThanOrEqual(50);
      }),
    );
  });
});
