import { describe, expect, it } from 'vitest';
import { dailyQuota, type DailyQuotaOptions } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { limitContract } from './limitContract.js';

limitContract('dailyQuota', () => dailyQuota({ limit: 66 }));
limitContract('dailyQuota in a zone with daylight saving', () =>
  dailyQuota({ limit: 66, timeZone: 'America/New_York' }),
);

/** When a cost may be spent, asked as the wall reads `at` (monotonic time stands at 0); taken where that is now. */
function spend(limit: Limit, cost: number, at: string): string {
  limit.observeWall?.(Date.parse(at), 0);
  const atMs = limit.earliest(cost, 0);
  if (atMs > 0) return new Date(Date.parse(at) + atMs).toISOString();
  limit.take(cost, 0);
  return 'spent';
}

describe('dailyQuota', () => {
  it('gives 66 credits a day, and the next at midnight of the zone', () => {
    const limit = dailyQuota({ limit: 66, timeZone: 'Asia/Shanghai' });
    expect(spend(limit, 60, '2026-11-01T08:00:00Z')).toBe('spent');
    expect(spend(limit, 10, '2026-11-01T15:59:59.999Z')).toBe('2026-11-01T16:00:00.000Z');
    expect(spend(limit, 6, '2026-11-01T15:59:59.999Z')).toBe('spent');
    expect(spend(limit, 66, '2026-11-01T16:00:00Z')).toBe('spent');
  });

  it('is spent by fractions that make it up, though their sum comes out at more', () => {
    const limit = dailyQuota({ limit: 3.3 });
    limit.observeWall?.(Date.UTC(2026, 10, 1, 12), 0);
    for (const cost of [1.1, 1.1]) limit.take(cost, 0);
    expect([limit.earliest(1.1, 0), limit.earliest(1.101, 0)]).toEqual([0, 12 * 3_600_000]);
  });

  it('keeps spent what work cost that has ended', () => {
    const limit = dailyQuota({ limit: 66 });
    spend(limit, 66, '2026-11-01T08:00:00Z');
    limit.release(66, 0, 5, 'failed');
    expect(limit.usage(5).used).toBe(66);
  });

  it('says when the day ends on the clock of the decisions, whatever the wall says', () => {
    const limit = dailyQuota({ limit: 66 });
    limit.observeWall?.(Date.UTC(2026, 10, 1, 23), 5_000);
    limit.take(66, 5_000);
    expect(limit.earliest(1, 5_000)).toBe(5_000 + 3_600_000);
    expect(limit.usage(5_000)).toEqual({ used: 66, capacity: 66, resetsAtMs: 5_000 + 3_600_000 });
  });

  it('finds what a date has spent when the wall is set back to it', () => {
    const limit = dailyQuota({ limit: 66 });
    expect(spend(limit, 66, '2026-11-01T23:00:00Z')).toBe('spent');
    expect(spend(limit, 66, '2026-11-02T01:00:00Z')).toBe('spent');
    expect(spend(limit, 1, '2026-11-01T22:00:00Z')).toBe('2026-11-02T00:00:00.000Z');
    expect(spend(limit, 1, '2026-11-02T02:00:00Z')).toBe('2026-11-03T00:00:00.000Z');
  });

  it('refunds to the date that paid, though the wall has been set since', () => {
    const limit = dailyQuota({ limit: 66 });
    expect(spend(limit, 66, '2026-11-01T12:00:00Z')).toBe('spent');
    limit.observeWall?.(Date.parse('2026-11-02T12:00:00Z'), 10);
    limit.take(66, 10);
    limit.refund(66, 0);
    expect(limit.usage(10).used).toBe(66);
    limit.observeWall?.(Date.parse('2026-11-01T13:00:00Z'), 20);
    expect(limit.usage(20).used).toBe(0);
  });

  it('adds what work has cost beyond its estimate to the date on which it was taken', () => {
    const limit = dailyQuota({ limit: 66 });
    expect(spend(limit, 50, '2026-11-01T23:00:00Z')).toBe('spent');
    limit.observeWall?.(Date.parse('2026-11-02T01:00:00Z'), 10);
    limit.take(60, 10);
    limit.adjust?.(10, 0, 20);
    expect(limit.usage(20).used).toBe(60);
    limit.adjust?.(5, 10, 20);
    expect(limit.usage(20).used).toBe(65);
    limit.observeWall?.(Date.parse('2026-11-01T23:00:00Z'), 30);
    expect(limit.usage(30).used).toBe(60);
  });

  it('may go over its limit by what work has really cost: then nothing that costs passes before midnight', () => {
    const limit = dailyQuota({ limit: 66 });
    expect(spend(limit, 60, '2026-11-01T08:00:00Z')).toBe('spent');
    limit.adjust?.(30, 0, 0);
    expect(limit.usage(0)).toMatchObject({ used: 90, capacity: 66 });
    expect(spend(limit, 1, '2026-11-01T08:00:00Z')).toBe('2026-11-02T00:00:00.000Z');
    expect(spend(limit, 0, '2026-11-01T08:00:00Z')).toBe('spent');
    expect(spend(limit, 66, '2026-11-02T00:00:00Z')).toBe('spent');
  });

  it('dates what an earlier process has spent by the calendar', () => {
    const limit = dailyQuota({ limit: 66, timeZone: 'Asia/Shanghai' });
    const nowMs = 5_000;
    const earlier = (at: string, credits: number): void => {
      limit.adjust?.(credits, nowMs - (Date.parse('2026-11-02T06:00:00Z') - Date.parse(at)), nowMs);
    };
    limit.observeWall?.(Date.parse('2026-11-02T06:00:00Z'), nowMs);
    earlier('2026-11-01T15:59:59.999Z', 40);
    earlier('2026-11-01T16:00:00Z', 20);
    earlier('2026-11-02T05:00:00Z', 4);
    expect(limit.usage(nowMs).used).toBe(24);
    limit.observeWall?.(Date.parse('2026-11-01T12:00:00Z'), nowMs + 1);
    expect(limit.usage(nowMs + 1).used).toBe(40);
  });

  it('dates what others have spent by the calendar, too, while nobody looked at the wall', () => {
    const limit = dailyQuota({ limit: 66 });
    const hourMs = 3_600_000;
    const show = (hour: number): number => {
      limit.observeWall?.(Date.UTC(2026, 10, 1) + hour * hourMs, hour * hourMs);
      return limit.usage(hour * hourMs).used;
    };
    for (const hour of [12, 20, 34]) show(hour);
    for (const hour of [23, 26, 33]) limit.adjust?.(hour, hour * hourMs, 34 * hourMs);
    expect([show(34), show(14)]).toEqual([26 + 33, 23]);
  });

  it('remembers what a date of the past turns out to have cost before what came long before it', () => {
    const limit = dailyQuota({ limit: 66 });
    const dayMs = 86_400_000;
    const show = (day: number): number => {
      limit.observeWall?.(Date.UTC(2026, 0, 1, 12) + day * dayMs, day * dayMs);
      return limit.usage(day * dayMs).used;
    };
    for (let day = 0; day <= 32; day++) {
      show(day);
      if (day !== 30) limit.take(5, day * dayMs);
    }
    limit.adjust?.(7, 30 * dayMs, 32 * dayMs);
    expect([show(32), show(30), show(1), show(0)]).toEqual([5, 7, 5, 0]);
  });

  it('never forgets today, nor yesterday, for what was spent long ago', () => {
    const limit = dailyQuota({ limit: 66 });
    const dayMs = 86_400_000;
    const noonMs = Date.UTC(2026, 10, 1, 12);
    limit.observeWall?.(noonMs - dayMs, -dayMs);
    limit.take(30, -dayMs);
    limit.observeWall?.(noonMs, 0);
    limit.take(66, 0);
    for (let day = 2; day < 100; day++) limit.adjust?.(1, -day * dayMs, 0);
    limit.adjust?.(1, -Number.MAX_VALUE, 0);
    const usedOn = (day: number): number => {
      limit.observeWall?.(noonMs - day * dayMs, 0);
      return limit.usage(0).used;
    };
    expect([usedOn(0), usedOn(1), usedOn(2), usedOn(31), usedOn(32)]).toEqual([66, 30, 1, 1, 0]);
  });

  it('is told of what was spent up to 33 days ago, by the hour, as far as the wall may be set back', () => {
    const noonMs = Date.UTC(2026, 10, 1, 12);
    const usedAfter = (days: number): number => {
      const limit = dailyQuota({ limit: 66 });
      limit.observeWall?.(noonMs, 0);
      limit.adjust?.(1, -days * 86_400_000, 0);
      limit.observeWall?.(noonMs - days * 86_400_000, 0);
      return limit.usage(0).used;
    };
    expect([usedAfter(31.25), usedAfter(32.75), usedAfter(33.25)]).toEqual([1, 1, 0]);
  });

  it('knows the date of work however often it was asked since, and over 32 dates', () => {
    const limit = dailyQuota({ limit: 66 });
    const noonMs = Date.UTC(2026, 10, 1, 12);
    const dayMs = 86_400_000;
    limit.observeWall?.(noonMs, 0);
    limit.take(30, 0);
    for (let day = 1; day < 32; day++) {
      for (let times = 0; times < 40; times++) limit.observeWall?.(noonMs + day * dayMs, day * dayMs);
    }
    limit.refund(20, 0);
    limit.observeWall?.(noonMs, 32 * dayMs);
    expect(limit.usage(0).used).toBe(10);
  });

  it('never spends a date again just before it ends, by a wall that reads fractions', () => {
    const limit = dailyQuota({ limit: 66 });
    const midnightMs = Date.UTC(2026, 10, 2);
    limit.observeWall?.(midnightMs - 1_000, 1e6);
    limit.take(66, 1e6);
    for (const leftMs of [0.5, 2 ** -11, 2 ** -12]) {
      const nowMs = 1e6 + 0.1 + 1_000 - leftMs;
      limit.observeWall?.(midnightMs - leftMs, nowMs);
      expect(limit.earliest(1, nowMs)).toBeGreaterThan(nowMs);
    }
  });

  it('remembers 32 dates, no more: a year on one limit does not grow', () => {
    const limit = dailyQuota({ limit: 66 });
    const first = Date.UTC(2026, 0, 1, 12);
    const on = (day: number): number => {
      limit.observeWall?.(first + day * 86_400_000, 0);
      return limit.usage(0).used;
    };
    for (let day = 0; day < 365; day++) {
      on(day);
      limit.take(66, 0);
    }
    expect([on(364), on(333), on(332), on(0)]).toEqual([66, 66, 0, 0]);
  });

  it.each<[Partial<Record<keyof DailyQuotaOptions, unknown>>, string, RegExp]>([
    [{ limit: 0 }, 'limit', />0/],
    [{ limit: Infinity }, 'limit', /number/],
    [{ timeZone: 'Europe/Atlantis' }, 'timeZone', /IANA time zone.*"Europe\/Atlantis"/],
    [{ timeZone: '' }, 'timeZone', /IANA/],
    [{ name: '' }, 'name', /./],
  ])('refuses %o', (wrong, path, message) => {
    const options = { limit: 1, ...wrong } as DailyQuotaOptions;
    expect(() => dailyQuota(options)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
    expect(() => dailyQuota(options)).toThrow(message);
  });
});
