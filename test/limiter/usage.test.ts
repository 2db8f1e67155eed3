import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { LimitUsage } from '../../src/limiter/events.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { VirtualClock } from '../virtualClock.js';
import { workers } from './work.js';

function watched(
  limits: readonly Limit[],
  warnAt?: number,
): { limiter: Limiter; clock: VirtualClock; warnings: LimitUsage[] } {
  const clock = new VirtualClock();
  const limiter = createLimiter({ limits, clock, ...(warnAt !== undefined && { warnAt }) });
  const warnings: LimitUsage[] = [];
  limiter.on((event) => event.type === 'warning' && warnings.push(event.usage));
  return { limiter, clock, warnings };
}

const perMinute = (limit: number, headroom = 0) =>
  slidingWindow({ limit, intervalMs: 60_000, countUntil: 'start', headroom, name: 'requests' });

async function spend(limiter: Limiter, times: number): Promise<void> {
  for (let count = 0; count < times; count++) (await limiter.acquire()).release();
}

describe('limiter.snapshot', () => {
  it('says how far each limit is used, who runs and who waits', () => {
    const { limiter, clock } = watched([perMinute(30), concurrency({ limit: 3 }), dailyQuota({ limit: 66 })]);
    workers(5, limiter);
    clock.advance(1_000);
    expect(limiter.snapshot()).toEqual({
      active: 3,
      waiting: 2,
      limits: [
        { name: 'requests', kind: 'rate', used: 3, capacity: 30, percent: 10, resetsAtMs: 60_000 },
        { name: 'concurrency', kind: 'slots', used: 3, capacity: 3, percent: 100, resetsAtMs: Infinity },
        { name: 'daily quota', kind: 'quota', used: 3, capacity: 66, percent: 300 / 66, resetsAtMs: 12 * 3_600_000 },
      ],
      coolDownMs: 0,
    });
  });

  it('is plain data of one instant: later work does not change it', async () => {
    const { limiter } = watched([perMinute(30)]);
    const before = limiter.snapshot();
    await spend(limiter, 1);
    expect(before.limits[0]?.used).toBe(0);
  });

  it('says how long the cool-down still lasts', () => {
    const { limiter, clock } = watched([]);
    limiter.coolDown(5_000);
    clock.advance(2_000);
    expect(limiter.snapshot().coolDownMs).toBe(3_000);
    clock.advance(3_000);
    expect(limiter.snapshot().coolDownMs).toBe(0);
  });
});

describe('the warning', () => {
  it('comes at 80 % of a rate, once, and again after the use has fallen', async () => {
    const { limiter, clock, warnings } = watched([perMinute(10)]);
    await spend(limiter, 7);
    expect(warnings).toEqual([]);
    await spend(limiter, 3);
    expect(warnings).toEqual([
      { name: 'requests', kind: 'rate', used: 8, capacity: 10, percent: 80, resetsAtMs: 60_000 },
    ]);
    clock.advance(60_000);
    await spend(limiter, 8);
    expect(warnings.map(({ used }) => used)).toEqual([8, 8]);
  });

  it('comes again where the use has fallen below it, though not to nothing', async () => {
    const { limiter, clock, warnings } = watched([perMinute(10)]);
    await spend(limiter, 3);
    clock.advance(30_000);
    await spend(limiter, 5);
    clock.advance(30_000);
    await spend(limiter, 2);
    expect(warnings).toHaveLength(1);
    await spend(limiter, 1);
    expect(warnings.map(({ used }) => used)).toEqual([8, 8]);
  });

  it('comes at every crossing of a limit that one piece of work fills', async () => {
    const { limiter, clock, warnings } = watched([perMinute(1)]);
    for (let minute = 0; minute < 3; minute++) {
      await spend(limiter, 1);
      clock.advance(60_000);
    }
    expect(warnings).toHaveLength(3);
  });

  it('comes for quotas, never for slots: those are there to be full', () => {
    const { limiter, warnings } = watched([concurrency({ limit: 5 }), dailyQuota({ limit: 5 })]);
    workers(5, limiter);
    expect(warnings.map(({ name }) => name)).toEqual(['daily quota']);
  });

  it('comes where warnAt says', async () => {
    const { limiter, warnings } = watched([perMinute(10)], 0.5);
    await spend(limiter, 10);
    expect(warnings.map(({ used }) => used)).toEqual([5]);
  });

  it('comes for each key as it climbs, once, whatever the others do', async () => {
    const { limiter, warnings } = watched([perKey(() => perMinute(10)), perKey(() => dailyQuota({ limit: 20 }))]);
    const spendOf = async (key: string, times: number): Promise<void> => {
      for (let count = 0; count < times; count++) (await limiter.acquire({ key })).release();
    };
    await spendOf('a', 9);
    await spendOf('b', 7);
    expect(warnings.map(({ name, used }) => [name, used])).toEqual([['requests per key', 8]]);
    await spendOf('b', 2);
    await spendOf('c', 1);
    await spendOf('a', 1);
    limiter.adjust('daily quota per key', 15, { key: 'c' });
    limiter.adjust('daily quota per key', 1, { key: 'c' });
    limiter.adjust('daily quota per key', 1, { key: 'c' });
    expect(warnings.slice(1).map(({ name, used }) => [name, used])).toEqual([
      ['requests per key', 8],
      ['daily quota per key', 16],
    ]);
  });

  it('comes to a listener that came late, at the next start', async () => {
    const limiter = createLimiter({ limits: [perMinute(10)], clock: new VirtualClock() });
    await spend(limiter, 9);
    const warnings: number[] = [];
    limiter.on((event) => event.type === 'warning' && warnings.push(event.usage.used));
    await spend(limiter, 1);
    expect(warnings).toEqual([10]);
  });
});

describe('headroom', () => {
  it('keeps the last 20 % free as wait_if_needed does: 24 of 30 a minute, the 25th as the first turns a minute old', async () => {
    const { limiter, clock, warnings } = watched([perMinute(30, 0.2)]);
    await spend(limiter, 1);
    clock.advance(5_000);
    await spend(limiter, 23);
    expect([limiter.snapshot().limits[0]?.percent, warnings.length]).toEqual([80, 1]);
    let startedAtMs: number | undefined;
    void limiter.run(() => (startedAtMs = clock.now()));
    clock.advance(54_999);
    expect(startedAtMs).toBeUndefined();
    clock.advance(1);
    expect(startedAtMs).toBe(60_000);
  });
});
