import { describe, expect, it } from 'vitest';
import { evenly, type EvenlyOptions } from '../../src/limits/evenly.js';
import { drive } from './drive.js';
import { limitContract } from './limitContract.js';

limitContract('evenly', () => evenly({ limit: 4, intervalMs: 1_000 }));
limitContract("evenly, counting until 'start'", () => evenly({ limit: 4, intervalMs: 1_000, countUntil: 'start' }));
limitContract('evenly one by one', () => evenly({ limit: 1, intervalMs: 500 }));

const burst = (count: number): { gapMs: number; cost: number; latencyMs: number }[] =>
  Array.from({ length: count }, () => ({ gapMs: 0, cost: 1, latencyMs: 0 }));

describe('evenly', () => {
  it('spaces starts as a queue does that sleeps 60 / requestsPerMinute seconds between two', () => {
    const runs = drive(evenly({ limit: 30, intervalMs: 60_000 }), burst(5));
    expect(runs.map(({ startMs }) => startMs)).toEqual([0, 2_000, 4_000, 6_000, 8_000]);
  });

  it('does not round the spacing: 300 a second are 3.33 ms apart', () => {
    const limit = evenly({ limit: 300, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    expect(limit.earliest(1, 0)).toBe(1_000 / 300);
  });

  it('makes a cost of n take n places', () => {
    const limit = evenly({ limit: 4, intervalMs: 1_000, countUntil: 'start' });
    limit.take(3, 0);
    expect(limit.earliest(1, 1)).toBe(750);
  });

  it('lets nobody save up places: after idleness the grid starts anew', () => {
    const limit = evenly({ limit: 4, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    expect(limit.earliest(1, 5_003)).toBe(5_003);
    limit.take(1, 5_003);
    expect(limit.earliest(1, 5_003)).toBe(5_253);
  });

  it('keeps its distance when work outlasts the window, though nobody was late', () => {
    // Two in 200 ms; the first runs on until 5: the window puts the third off from 200 to 205, no timer did.
    const limit = evenly({ limit: 2, intervalMs: 200 });
    limit.take(1, 0);
    limit.release(1, 0, 5, 'succeeded');
    limit.take(1, 100);
    limit.release(1, 100, 100, 'succeeded');
    expect(limit.earliest(1, 150)).toBe(205);
    limit.take(1, 205);
    limit.release(1, 205, 205, 'succeeded');
    expect(limit.earliest(1, 206)).toBe(305);
  });

  it('makes up for a late timer: the next start keeps its place on the grid', () => {
    const runs = drive(evenly({ limit: 4, intervalMs: 1_000, countUntil: 'start' }), burst(4), () => 7);
    expect(runs.map(({ startMs }) => startMs)).toEqual([0, 257, 507, 757]);
  });

  it('makes up for timers that are later than the spacing is long', () => {
    // 1000 a second with timers 4 ms late: starts come in handfuls, and their number is right.
    const runs = drive(evenly({ limit: 1_000, intervalMs: 1_000, countUntil: 'start' }), burst(1_000), () => 4);
    expect(runs.at(-1)?.startMs).toBeLessThanOrEqual(999 + 4);
  });

  it('does not take a long absence for lateness', () => {
    const runs = drive(evenly({ limit: 4, intervalMs: 1_000, countUntil: 'start' }), burst(3), () => 20);
    expect(runs.map(({ startMs }) => startMs)).toEqual([0, 270, 540]);
  });

  it('gives the newest place back with a refund, and no older one', () => {
    const limit = evenly({ limit: 4, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    limit.take(1, 250);
    limit.refund(1, 0);
    expect(limit.earliest(1, 250)).toBe(500);
    limit.refund(1, 250);
    expect(limit.earliest(1, 250)).toBe(250);
  });

  it('gives a place back as it was taken, though the spacing has changed since', () => {
    const limit = evenly({ limit: 1, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    limit.update?.({ limit: 10 });
    const copy = limit.copy!();
    for (const each of [limit, copy]) {
      each.refund(1, 0);
      expect(each.earliest(1, 0)).toBe(0);
    }
  });

  it('passes work that costs it nothing between two starts, and keeps their distance', () => {
    const limit = evenly({ limit: 4, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    expect(limit.earliest(0, 100)).toBe(100);
    limit.take(0, 100);
    limit.refund(0, 100);
    expect(limit.earliest(1, 100)).toBe(250);
  });

  it('is named after its figures, or as told', () => {
    expect(evenly({ limit: 30, intervalMs: 60_000 }).name).toBe('30 per 60000 ms, evenly');
    expect(evenly({ limit: 30, intervalMs: 60_000, name: 'pace' }).name).toBe('pace');
  });

  it('makes up for less than 10 ms of lateness, and spaces anew from 10 on', () => {
    const secondAfter = (lateMs: number): number => {
      const limit = evenly({ limit: 10, intervalMs: 1_000, countUntil: 'start' });
      limit.take(1, 0);
      limit.earliest(1, 50);
      limit.take(1, 100 + lateMs);
      return limit.earliest(1, 100 + lateMs);
    };
    expect([0, 9.5, 10].map(secondAfter)).toEqual([200, 200, 210]);
  });

  it('makes up for one start more where it is so late that the next one is due as it starts', () => {
    const limit = evenly({ limit: 200, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    limit.earliest(1, 1);
    limit.take(1, 10);
    limit.take(1, 11);
    expect(limit.earliest(1, 11)).toBe(15);
  });

  it.each<[Partial<Record<keyof EvenlyOptions, unknown>>, string]>([
    [{ limit: 0 }, 'limit'],
    [{ intervalMs: -1 }, 'intervalMs'],
    [{ countUntil: '' }, 'countUntil'],
  ])('refuses %o', (wrong, path) => {
    const options = { limit: 1, intervalMs: 1_000, ...wrong } as EvenlyOptions;
    expect(() => evenly(options)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
  });
});
