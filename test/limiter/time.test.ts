import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { evenly } from '../../src/limits/evenly.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { early, late, VirtualClock } from '../virtualClock.js';
import { startsOf, workers } from './work.js';

const dayMs = 86_400_000;
const perSecond = (limit: number) => slidingWindow({ limit, intervalMs: 1_000, countUntil: 'start' });

describe('a limiter under fake timers, with no clock given', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 1, 12) }));
  afterEach(() => void vi.useRealTimers());

  it('follows them', () => {
    const limiter = createLimiter({ limits: [perSecond(2)] });
    const originMs = limiter.clock.now();
    const works = workers(5, limiter);
    vi.advanceTimersByTime(999);
    expect(works.filter((work) => work.isRunning)).toHaveLength(2);
    vi.advanceTimersByTime(1_001);
    expect(startsOf(works).map((atMs) => (atMs ?? NaN) - originMs)).toEqual([0, 0, 1_000, 1_000, 2_000]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('starts work at midnight', () => {
    const limiter = createLimiter({ limits: [dailyQuota({ limit: 1 })] });
    const works = workers(2, limiter);
    vi.advanceTimersByTime(12 * 3_600_000 - 1);
    expect(works[1]?.isRunning).toBe(false);
    vi.advanceTimersByTime(1);
    expect([works[1]?.isRunning, Date.now()]).toEqual([true, Date.UTC(2026, 10, 2)]);
  });

  it('waits for longer than a timer holds (24.8 days), once and on time', () => {
    const limiter = createLimiter({ limits: [] });
    limiter.coolDown(60 * dayMs);
    const works = workers(1, limiter);
    vi.advanceTimersByTime(60 * dayMs - 1);
    expect(works[0]?.isRunning).toBe(false);
    vi.advanceTimersByTime(1);
    expect(works[0]?.isRunning).toBe(true);
  });
});

describe('a limiter on a clock that is not perfect', () => {
  it.each([0.25, 0.5, 1])('breaks no limit where timers fire %f ms early, and loses nothing', (byMs) => {
    const clock = new VirtualClock({ timerMs: early(byMs) });
    const works = workers(6, createLimiter({ limits: [perSecond(2)], clock }));
    clock.drain();
    expect(startsOf(works)).toEqual([0, 0, 1_000, 1_000, 2_000, 2_000]);
  });

  it('counts from the start, not from the due time, where timers fire late', () => {
    const clock = new VirtualClock({ timerMs: late(3) });
    const works = workers(4, createLimiter({ limits: [perSecond(1)], clock }));
    clock.drain();
    expect(startsOf(works)).toEqual([0, 1_003, 2_006, 3_009]);
  });

  it('keeps the rate of evenly where timers fire late: 3.33 ms are not rounded', () => {
    const clock = new VirtualClock({ timerMs: (delayMs) => Math.ceil(delayMs) + 1 });
    const limit = evenly({ limit: 300, intervalMs: 1_000, countUntil: 'start' });
    const works = workers(301, createLimiter({ limits: [limit], clock }));
    clock.drain();
    const lastMs = works.at(-1)?.startedAtMs ?? NaN;
    expect(lastMs).toBeGreaterThanOrEqual(1_000);
    expect(lastMs).toBeLessThan(1_000 + 2 * 2);
  });

  it('neither breaks a limit nor waits for the old reading to return where the clock is set back', () => {
    const clock = new VirtualClock();
    const works = workers(3, createLimiter({ limits: [perSecond(1)], clock }));
    clock.advance(400);
    clock.stepBack(3_600_000);
    const startsMs: number[] = [];
    for (let count = 1; count < 3; count++) {
      while (works[count]?.isRunning === false && clock.elapsedMs < 9_000) clock.advance(1);
      startsMs.push(clock.elapsedMs);
    }
    // In true time: what had passed since the last reading is lost, once.
    expect(startsMs).toEqual([2_000, 3_000]);
  });

  it('spends no day twice where the wall is set back at midnight, and waits for the midnight that is shown', () => {
    const clock = new VirtualClock({ epochMs: Date.UTC(2026, 10, 1, 23, 59) });
    const works = workers(3, createLimiter({ limits: [dailyQuota({ limit: 1 })], clock }));
    clock.advance(60_000);
    expect(works[1]?.isRunning).toBe(true);
    clock.stepWall(-120_000);
    clock.advance(120_000 + dayMs - 1);
    expect(works[2]?.isRunning).toBe(false);
    clock.advance(1);
    expect([works[2]?.isRunning, clock.epochNow()]).toEqual([true, Date.UTC(2026, 10, 3)]);
  });

  it.each([
    ['a quota', () => dailyQuota({ limit: 1 })],
    ['a quota for each key', () => perKey(() => dailyQuota({ limit: 1 }))],
  ])('sees within ten minutes that a new day has begun: %s, and the wall is set, or the machine slept', (_, make) => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ limits: [make()], clock });
    const [, second] = workers(2, limiter);
    clock.advance(1_000);
    clock.stepWall(12 * 3_600_000);
    clock.advance(600_000);
    expect(second?.isRunning).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('does not start early where the wall is set forward and back while work waits', () => {
    const clock = new VirtualClock({ epochMs: Date.UTC(2026, 10, 1, 12) });
    const works = workers(2, createLimiter({ limits: [dailyQuota({ limit: 1 })], clock }));
    clock.stepWall(-6 * 3_600_000);
    clock.advance(12 * 3_600_000);
    expect([works[1]?.isRunning, clock.pending]).toEqual([false, 1]);
    clock.advance(6 * 3_600_000);
    expect(works[1]?.isRunning).toBe(true);
  });
});

describe('the process', () => {
  /** What keeps this process alive by time: only timers that do count. */
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

  it('is kept alive by waiting work, and not by an idle limiter', async () => {
    const before = timers();
    const limiter = createLimiter({ limits: [perSecond(1), concurrency({ limit: 9 })], clock: systemClock });
    (await limiter.acquire()).release();
    expect(timers()).toBe(before);
    const controller = new AbortController();
    const waiting = limiter.run(() => 'never', { signal: controller.signal });
    expect(timers()).toBe(before + 1);
    controller.abort();
    await expect(waiting).rejects.toThrow();
    expect(timers()).toBe(before);
  });
});
