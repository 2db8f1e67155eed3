import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { slidingWindow, type SlidingWindowOptions } from '../../src/limits/slidingWindow.js';
import { limitContract } from './limitContract.js';

limitContract('slidingWindow', () => slidingWindow({ limit: 5, intervalMs: 1_000 }));
limitContract("slidingWindow, counting until 'start'", () =>
  slidingWindow({ limit: 5, intervalMs: 1_000, countUntil: 'start' }),
);
limitContract('slidingWindow with headroom', () => slidingWindow({ limit: 10, intervalMs: 1_000, headroom: 0.25 }));
limitContract('slidingWindow of one', () => slidingWindow({ limit: 1, intervalMs: 100 }));

describe('slidingWindow', () => {
  it('lets a burst of the limit go at once, the next as the first turns old', () => {
    const limit = slidingWindow({ limit: 3, intervalMs: 1_000, countUntil: 'start' });
    for (const nowMs of [0, 10, 20]) {
      expect(limit.earliest(1, nowMs)).toBe(nowMs);
      limit.take(1, nowMs);
    }
    expect(limit.earliest(1, 30)).toBe(1_000);
    expect(limit.earliest(2, 30)).toBe(1_010);
    expect(limit.earliest(1, 999)).toBe(1_000);
    expect(limit.earliest(1, 1_000)).toBe(1_000);
  });

  it("counts work from its start until an interval after its end, or with 'start' after its start", () => {
    const [toEnd, toStart] = (['end', 'start'] as const).map((countUntil) => {
      const limit = slidingWindow({ limit: 1, intervalMs: 1_000, countUntil });
      limit.take(1, 0);
      const whileRunning = limit.earliest(1, 100);
      limit.release(1, 0, 300, 'succeeded');
      return [whileRunning, limit.earliest(1, 300)];
    });
    expect(toEnd).toEqual([Infinity, 1_300]);
    expect(toStart).toEqual([1_000, 1_000]);
  });

  it('holds floating-point stamps a whole interval apart', () => {
    // 0.1 + 0.7 falls short of 0.1 by less than 0.7 once they are subtracted again.
    const limit = slidingWindow({ limit: 1, intervalMs: 0.7, countUntil: 'start' });
    for (let nowMs = 0.1, step = 0; step < 1_000; step++) {
      limit.take(1, nowMs);
      const nextMs = limit.earliest(1, nowMs);
      expect(nextMs - nowMs).toBeGreaterThanOrEqual(0.7);
      nowMs = nextMs;
    }
  });

  it.each([
    [30, 0.2, 24],
    [60, 0.2, 48],
    [10, 0.2, 8],
    [10, 0.3, 7],
    [3, 0.5, 1],
    [20, 0.9, 2],
    [1, 0.9, 1],
    [5, 0, 5],
  ])('of %i keeps a headroom of %f free: %i stay usable', (limit, headroom, usable) => {
    expect(slidingWindow({ limit, intervalMs: 60_000, headroom }).capacity).toBe(usable);
  });

  it('reports its use against the whole limit, headroom or not', () => {
    const limit = slidingWindow({ limit: 30, intervalMs: 60_000, headroom: 0.2, countUntil: 'start' });
    limit.take(24, 5);
    expect(limit.usage(10)).toEqual({ used: 24, capacity: 30, resetsAtMs: 60_005 });
    expect(limit.usage(60_005)).toEqual({ used: 0, capacity: 30, resetsAtMs: 60_005 });
  });

  it('resets at no known instant while work runs', () => {
    const limit = slidingWindow({ limit: 3, intervalMs: 1_000 });
    limit.take(1, 0);
    expect(limit.usage(0).resetsAtMs).toBe(Infinity);
  });

  it('forgets a refunded start, also when later ones stand', () => {
    const limit = slidingWindow({ limit: 2, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    limit.take(1, 400);
    limit.refund(1, 0);
    expect(limit.earliest(1, 500)).toBe(500);
    expect(limit.earliest(2, 500)).toBe(1_400);
    limit.refund(1, 400);
    expect(limit.usage(500)).toEqual({ used: 0, capacity: 2, resetsAtMs: 500 });
  });

  it('lets no rest of fractional costs stand in the way', () => {
    // 0.2 + 0.4 + 0.3, each taken off again, leaves 1.7e-16: enough for a cost of 1 to wait for ever.
    const limit = slidingWindow({ limit: 1, intervalMs: 1_000 });
    for (const cost of [0.2, 0.4, 0.3]) limit.take(cost, 0);
    for (const cost of [0.2, 0.4, 0.3]) limit.refund(cost, 0);
    expect(limit.earliest(1, 0)).toBe(0);
    expect(limit.usage(0).used).toBe(0);
  });

  it('has room for fractions that fill it, and waits for no more of them than must leave', () => {
    const limit = slidingWindow({ limit: 1, intervalMs: 1_000, countUntil: 'start' });
    for (const [nowMs, cost] of [0.2, 0.2, 0.2, 0.3].entries()) limit.take(cost, nowMs);
    expect([limit.earliest(0.1, 4), limit.earliest(0.3, 4)]).toEqual([4, 1_000]);
    limit.take(0.1, 4);
    expect([0.2, 0.4, 0.6, 0.9].map((cost) => limit.earliest(cost, 5))).toEqual([1_000, 1_001, 1_002, 1_003]);
  });

  it('lets no rest of fractional costs hide when all of them will have left', () => {
    // 0.1, 0.2 and 0.3 taken off what they add up to leaves 1.1e-16, which nothing is left to account for.
    const limit = slidingWindow({ limit: 1, intervalMs: 1_000 });
    for (const [nowMs, cost] of [0.1, 0.2, 0.3].entries()) {
      limit.take(cost, nowMs);
      limit.release(cost, nowMs, nowMs, 'succeeded');
    }
    expect(limit.earliest(1, 3)).toBe(1_002);
    expect(limit.earliest(1, 1_002)).toBe(1_002);
    limit.take(0.1, 500);
    expect(limit.earliest(1, 500)).toBe(Infinity);
  });

  it('never waits for ever for what rounding has piled up', () => {
    const limit = slidingWindow({ limit: 1, intervalMs: 1_000, countUntil: 'start' });
    const costs = [0, 1, 2, 3].map((lastBits) => 0.4 + lastBits * 2 ** -54);
    let nowMs = 0;
    for (let start = 0; start < 40_000; start++) {
      nowMs += 600;
      const { used } = limit.usage(nowMs);
      // The sum is rounded up, and the difference as the one before leaves is exact.
      limit.take(costs.find((cost) => used + cost - used > cost) ?? 0.4, nowMs);
    }
    expect(limit.usage(nowMs + 600).used).toBeGreaterThan(0.4 + 1e-12);
    expect(limit.earliest(1, nowMs + 600)).toBe(nowMs + 1_000);
    expect(limit.earliest(2, nowMs + 600)).toBe(Infinity);
  });

  it.each([true, false])(
    'counts no more what has left before the window is made longer (looked at: %s)',
    (isLookedAt) => {
      const limit = slidingWindow({ limit: 2, intervalMs: 100, countUntil: 'start' });
      limit.take(1, 0);
      limit.take(1, 60);
      if (isLookedAt) limit.usage(150);
      limit.update({ intervalMs: 1_000 }, 150);
      expect([limit.earliest(1, 150), limit.earliest(2, 150)]).toEqual([150, 1_060]);
    },
  );

  it.each(['start', 'end'] as const)('says until when it counts: to the %s', (countUntil) => {
    expect(slidingWindow({ limit: 3, intervalMs: 50, countUntil }).describe()).toMatchObject({ countUntil });
  });

  it('is named after its figures, or as told', () => {
    expect(slidingWindow({ limit: 30, intervalMs: 60_000 }).name).toBe('30 per 60000 ms');
    expect(slidingWindow({ limit: 30, intervalMs: 60_000, name: 'requests' }).name).toBe('requests');
  });

  it.each<[Partial<Record<keyof SlidingWindowOptions, unknown>>, string]>([
    [{ limit: 0 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ intervalMs: 0 }, 'intervalMs'],
    [{ intervalMs: Infinity }, 'intervalMs'],
    [{ headroom: 1 }, 'headroom'],
    [{ headroom: -0.1 }, 'headroom'],
    [{ countUntil: 'middle' }, 'countUntil'],
    [{ name: '' }, 'name'],
  ])('refuses %o', (wrong, path) => {
    const options = { limit: 1, intervalMs: 1_000, ...wrong } as SlidingWindowOptions;
    expect(() => slidingWindow(options)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
    expect(() => slidingWindow(options)).toThrow(OptionsError);
  });
});
