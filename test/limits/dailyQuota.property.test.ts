import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { runs } from '../runs.js';

const hourMs = 3_600_000;
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Los_Angeles',
  'Asia/Shanghai',
  'Asia/Kathmandu',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Beirut',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'America/Havana',
];

/** The date that a calendar on the wall shows there: by the parts, in another locale than the code reads. */
const formats = new Map(
  zones.map((timeZone) => [timeZone, new Intl.DateTimeFormat('de-DE', { timeZone, dateStyle: 'short' })]),
);
const dateIn = (zone: string, epochMs: number): string => formats.get(zone)?.format(epochMs) ?? '';

const zone = fc.constantFrom(...zones);
const epochMs = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2036, 0, 1) });
/** Half of the instants lie within two days of an equinox, as most changes of the clock do, give or take some weeks. */
const instant = fc.oneof(
  epochMs,
  fc
    .tuple(
      fc.integer({ min: 2020, max: 2035 }),
      fc.constantFrom(2, 3, 8, 9, 10),
      fc.integer({ min: 1, max: 31 }),
      fc.nat(),
    )
    .map(([year, month, day, rest]) => Date.UTC(year, month, day) + (rest % (24 * hourMs))),
);

describe('dailyQuota', () => {
  it('should always promise the very millisecond at which the date changes', () => {
    fc.assert(
      fc.property(zone, instant, fc.integer({ min: 0, max: 1e9 }), (timeZone, wallMs, nowMs) => {
        const limit = dailyQuota({ limit: 10, timeZone });
        limit.observeWall?.(wallMs, nowMs);
        limit.take(10, nowMs);
        const midnightMs = wallMs + limit.earliest(1, nowMs) - nowMs;
        const today = dateIn(timeZone, wallMs);
        expect(midnightMs - wallMs).toBeLessThanOrEqual(25 * hourMs);
        expect(dateIn(timeZone, midnightMs)).not.toBe(today);
        expect(dateIn(timeZone, midnightMs - 1)).toBe(today);
        for (let atMs = wallMs; atMs < midnightMs; atMs += hourMs / 4) expect(dateIn(timeZone, atMs)).toBe(today);
      }),
    );
  });

  it('should never spend more than the limit on any date, and never less than it allows, wherever the wall is set', () => {
    const step = fc.record({
      wallStepMs: fc.oneof(
        fc.constant(0),
        fc.integer({ min: -40 * hourMs, max: 40 * hourMs }),
        fc.integer({ min: -5, max: 5 }),
      ),
      gapMs: fc.oneof(fc.nat(1_000), fc.nat(30 * hourMs)),
      cost: fc.integer({ min: 0, max: 10 }),
      refunds: fc.option(fc.nat(), { nil: undefined }),
      adjusts: fc.option(
        fc.record({ which: fc.nat(), delta: fc.integer({ min: -12, max: 12 }), beforeMs: fc.nat(30 * 24 * hourMs) }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(zone, instant, fc.array(step, { maxLength: 30 }), (timeZone, startMs, steps) => {
        const limit = dailyQuota({ limit: 10, timeZone });
        const spent = new Map<string, number>();
        const taken: { date: string; cost: number; atMs: number }[] = [];
        const pay = (date: string, cost: number): void => {
          spent.set(date, Math.max(0, (spent.get(date) ?? 0) + cost));
        };
        let nowMs = 0;
        let wallOffsetMs = startMs;
        for (const { wallStepMs, gapMs, cost, refunds, adjusts } of steps) {
          nowMs += gapMs + 1;
          wallOffsetMs += wallStepMs;
          const date = dateIn(timeZone, nowMs + wallOffsetMs);
          limit.observeWall?.(nowMs + wallOffsetMs, nowMs);
          if (refunds !== undefined && taken.length > 0) {
            const [given] = taken.splice(refunds % taken.length, 1);
            if (given === undefined) continue;
            limit.refund(given.cost, given.atMs);
            pay(given.date, -given.cost);
          }
          if (adjusts !== undefined) {
            const { which, delta, beforeMs } = adjusts;
            // Work of this process, or, half of the time, of one before it, which the calendar dates.
            const settled = which % 2 === 0 ? taken[which % Math.max(1, taken.length)] : undefined;
            const atMs = settled?.atMs ?? -Math.max(1, beforeMs - nowMs);
            limit.adjust?.(delta, atMs, nowMs);
            pay(settled?.date ?? dateIn(timeZone, atMs + wallOffsetMs), delta);
          }
          const before = spent.get(date) ?? 0;
          expect(limit.usage(nowMs).used).toBe(before);
          const passes = limit.earliest(cost, nowMs) <= nowMs;
          expect(passes).toBe(before + cost <= 10 || cost === 0);
          if (!passes || adjusts !== undefined) continue;
          limit.take(cost, nowMs);
          taken.push({ date, cost, atMs: nowMs });
          pay(date, cost);
        }
      }),
      runs(1_000),
    );
  });
});
