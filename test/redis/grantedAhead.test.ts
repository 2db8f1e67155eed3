import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { evenly } from '../../src/limits/evenly.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { grantedAhead, intervalMs, perSecond, type Work } from './grantedAhead.js';
import { leaseMs } from './virtualProcesses.js';

const { shared, after, process, work, use, granted } = grantedAhead();

describe('what was granted ahead', () => {
  it('should start at its instant, without a call', async () => {
    const { other, ahead } = await granted();
    const { calls } = shared.redis;
    expect(other.limiter.snapshot().limits[0]).toMatchObject({ used: 2, capacity: 2 });
    await after(29);
    expect(ahead.startedAtMs).toBeUndefined();
    await after(1);
    expect(ahead.startedAtMs).toBeCloseTo(1_040, 6);
    expect(shared.redis.calls).toBe(calls);
  });

  it('should start no earlier where its letter comes late', async () => {
    const [one, other] = [process(), process()];
    await use(one.limiter);
    const waiting = work(other.limiter);
    await after(900);
    other.client.cut();
    await after(10);
    // Whose call grants it, for 1000 ms.
    work(one.limiter, -1);
    await after(30);
    other.client.mend();
    await after(50);
    expect(waiting.startedAtMs).toBeGreaterThanOrEqual(1_000);
  });

  it('should come with a call to read its mail, where its process is passed over for not having read it', async () => {
    const [one, other] = [process(perSecond(4)), process(perSecond(4))];
    const used = Array.from({ length: 4 }, () => work(one.limiter));
    for (const afterMs of [0, 10, 150, 10]) {
      await after(afterMs);
      await used.shift()!.end();
    }
    await after(720);
    const works = Array.from({ length: 4 }, () => work(other.limiter));
    await after(60);
    // Two calls of another: the first grants what is due at 1000 and 1010 ms, the second, 165 ms later, at 1160.
    const passing = work(one.limiter, -1);
    await after(165);
    passing.leave();
    await after(100);
    expect(works.map(({ startedAtMs = NaN }) => Math.round(startedAtMs))).toEqual([1_000, 1_010, 1_160, 1_170]);
  });

  it('should not start where another process cools down before', async () => {
    const { one, ahead } = await granted();
    one.limiter.coolDown(500, { ramp: false });
    await after(499);
    expect(ahead.startedAtMs).toBeUndefined();
    await after(1);
    expect(ahead.startedAtMs).toBeCloseTo(1_510, 6);
  });

  it('should wait anew where its own process cools down before', async () => {
    const { one, other, ahead } = await granted();
    const urgent = work(one.limiter, 1);
    other.limiter.coolDown(10, { ramp: false });
    await after(100);
    expect([urgent.startedAtMs, ahead.startedAtMs]).toEqual([1_040, undefined]);
  });

  it('should not start where it is only known by an answer that all cool down', async () => {
    const { one, other, ahead } = await granted();
    shared.redis.drops = true;
    one.limiter.coolDown(500, { ramp: false });
    await after(0);
    shared.redis.drops = false;
    work(other.limiter);
    await after(400);
    expect(ahead.startedAtMs).toBeUndefined();
  });

  it.each(['one', 'other'] as const)('should not start where %s allows less before', async (which) => {
    const { now, ahead, ...processes } = await granted();
    processes[which].limiter.update({ window: { limit: 1 } });
    await after(100);
    expect(ahead.startedAtMs).toBeUndefined();
    await now.end();
    await after(1_000);
    expect(ahead.startedAtMs).toBeCloseTo(2_110, 6);
  });

  it('should go to another where who waited has left', async () => {
    const { one, ahead } = await granted();
    const next = work(one.limiter);
    ahead.leave();
    await after(30);
    expect(next.startedAtMs).toBeCloseTo(1_040, 6);
  });

  it('should be free after the lease of a process that died before', async () => {
    const { one, other } = await granted();
    other.client.cut();
    const [next, last] = [work(one.limiter), work(one.limiter)];
    await after(3 * leaseMs + intervalMs);
    expect([next.startedAtMs, last.startedAtMs]).not.toContain(undefined);
  });

  it('should not start in a process that slept for longer than its lease', async () => {
    let sleepsMs = 0;
    const own: Clock = {
      now: () => shared.clock.now(),
      epochNow: () => shared.clock.epochNow(),
      schedule: (delayMs, run) => shared.clock.schedule(delayMs + sleepsMs, run),
    };
    const [one, client] = [process(), shared.redis.client(shared.clock)];
    const store = redisStore({ client, name: 'shared', leaseMs });
    const sleeper = createLimiter({ limits: perSecond(2), clock: own, store });
    await use(one.limiter);
    const works = [work(sleeper), work(sleeper)];
    await after(950);
    sleepsMs = 2 * leaseMs;
    await after(10);
    client.cut();
    const others = [work(one.limiter), work(one.limiter)];
    await after(2 * leaseMs + 500);
    // It is taken for dead, and what it held counts for a window more; then the others have all.
    expect([...works, ...others].map(({ startedAtMs }) => startedAtMs)).toEqual([1_000, undefined, 3_200, 3_200]);
  });

  it('should be none where a cool-down ends: a probe goes first', async () => {
    const { one, now, ahead } = await granted();
    await now.end();
    one.limiter.coolDown(1_050);
    await after(990);
    const next = work(one.limiter);
    await after(2_000);
    const started = [ahead, next].map(({ startedAtMs = Infinity }) => startedAtMs).toSorted((a, b) => a - b);
    // The next round begins a second later, where nobody tells how the probe ended.
    expect(started).toEqual([2_060, 3_060]);
  });

  it('should be kept by a process that has nothing else, and not asked for again', async () => {
    const { other, now, ahead } = await granted();
    await now.end();
    const leaving = work(other.limiter);
    await after(1);
    leaving.leave();
    await after(20);
    expect((await shared.redis.keys()).filter((key) => key.includes(':want:'))).toEqual([]);
    await after(9);
    expect(ahead.startedAtMs).toBeCloseTo(1_040, 6);
  });

  it('should be spaced by when it starts', async () => {
    const { limiter } = process([evenly({ limit: 10, intervalMs, name: 'even' })]);
    const works: Work[] = [];
    for (const afterMs of [0, 50, 60, 200]) {
      works.push(work(limiter));
      await after(afterMs);
    }
    expect(works.map(({ startedAtMs }) => startedAtMs)).toEqual([0, 100, 200, 300]);
  });

  it('should give its place back as it was, where the spacing changes before', async () => {
    const { limiter } = process([evenly({ limit: 1, intervalMs: 2_000, name: 'even' })]);
    await work(limiter).end();
    const next = work(limiter);
    await after(1_950);
    work(limiter, -1);
    await after(10);
    limiter.update({ even: { intervalMs: 500 } });
    await after(100);
    expect(next.startedAtMs).toBe(2_000);
  });

  it('should not be of another day than it was counted to', async () => {
    // A third is let in before midnight, and a fourth could be shortly after.
    const { clock } = shared;
    clock.advance(Date.UTC(2026, 10, 2) - 1_020 - clock.epochNow());
    const beganMs = clock.elapsedMs;
    const { limiter } = process([...perSecond(2), dailyQuota({ limit: 3, timeZone: 'UTC', name: 'daily' })]);
    await use(limiter);
    const works = Array.from({ length: 6 }, () => work(limiter));
    for (let turns = 0; turns < 100; turns++) {
      await after(50);
      for (const each of works) if (each.startedAtMs !== undefined) await each.end();
    }
    const [third, ...others] = works.flatMap(({ startedAtMs }) => startedAtMs ?? []);
    expect(third).toBe(beganMs + 1_000);
    expect(others).toHaveLength(3);
  });
});
