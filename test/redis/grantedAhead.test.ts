import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { Permit } from '../../src/limiter/acquisition.js';
import { evenly } from '../../src/limits/evenly.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { VirtualClock } from '../virtualClock.js';
import { VirtualRedis } from './virtualRedis.js';

let redis: VirtualRedis;
beforeAll(async () => {
  redis = await VirtualRedis.start();
});
afterAll(() => redis.close());

const leaseMs = 1_200;
const intervalMs = 1_000;
const perSecond = (limit: number) => [slidingWindow({ limit, intervalMs, name: 'window' })];
const twoPerSecond = () => perSecond(2);

let clock: VirtualClock;
beforeEach(async () => {
  clock = new VirtualClock();
  await redis.flush();
});

function process(limits: Limit[] = twoPerSecond(), own: Clock = clock) {
  const client = redis.client(clock);
  const limiter = createLimiter({ limits, clock: own, store: redisStore({ client, name: 'shared', leaseMs }) });
  return { client, limiter };
}

/** Work that waits, and when it started, in ms from the start. */
class Work {
  startedAtMs: number | undefined = undefined;
  readonly #leaving = new AbortController();
  readonly #permit: Promise<Permit>;

  constructor(limiter: Limiter, priority = 0) {
    this.#permit = limiter.acquire({ priority, signal: this.#leaving.signal });
    this.#permit.then(
      () => (this.startedAtMs = clock.elapsedMs),
      () => undefined,
    );
  }

  leave(): void {
    this.#leaving.abort();
  }

  async end(): Promise<void> {
    (await this.#permit).release();
  }
}

const after = (ms: number) => redis.advance(clock, ms);

/** Uses both units, until 0 and 40 ms. */
async function use(limiter: Limiter): Promise<void> {
  const [first, second] = [new Work(limiter), new Work(limiter)];
  await after(0);
  await first.end();
  await after(40);
  await second.end();
}

/** After that another process has two waiting. It is told at 1000 ms that one may start, and the other at 1040. It is 1010. */
async function granted(other = process()) {
  const one = process();
  await use(one.limiter);
  const [now, ahead] = [new Work(other.limiter), new Work(other.limiter)];
  await after(970);
  expect([now.startedAtMs, ahead.startedAtMs]).toEqual([1_000, undefined]);
  return { one, other, now, ahead };
}

describe('what was granted ahead', () => {
  it('should start at its instant, without a call', async () => {
    const { other, ahead } = await granted();
    const { calls } = redis;
    expect(other.limiter.snapshot().limits[0]).toMatchObject({ used: 2, capacity: 2 });
    await after(29);
    expect(ahead.startedAtMs).toBeUndefined();
    await after(1);
    expect(ahead.startedAtMs).toBeCloseTo(1_040, 6);
    expect(redis.calls).toBe(calls);
  });

  it('should start no earlier where its letter comes late', async () => {
    const [one, other] = [process(), process()];
    await use(one.limiter);
    const waiting = new Work(other.limiter);
    await after(900);
    other.client.cut();
    await after(10);
    // Whose call grants it, for 1000 ms.
    new Work(one.limiter, -1);
    await after(30);
    other.client.mend();
    await after(50);
    expect(waiting.startedAtMs).toBeGreaterThanOrEqual(1_000);
  });

  it('should come with a call to read its mail, where its process is passed over for not having read it', async () => {
    const [one, other] = [process(perSecond(4)), process(perSecond(4))];
    const used = Array.from({ length: 4 }, () => new Work(one.limiter));
    for (const afterMs of [0, 10, 150, 10]) {
      await after(afterMs);
      await used.shift()!.end();
    }
    await after(720);
    const works = Array.from({ length: 4 }, () => new Work(other.limiter));
    await after(60);
    // Two calls of another: the first grants what is due at 1000 and 1010 ms, the second, 165 ms later, at 1160.
    const passing = new Work(one.limiter, -1);
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
    const urgent = new Work(one.limiter, 1);
    other.limiter.coolDown(10, { ramp: false });
    await after(100);
    expect([urgent.startedAtMs, ahead.startedAtMs]).toEqual([1_040, undefined]);
  });

  it('should not start where it is only known by an answer that all cool down', async () => {
    const { one, other, ahead } = await granted();
    redis.drops = true;
    one.limiter.coolDown(500, { ramp: false });
    await after(0);
    redis.drops = false;
    new Work(other.limiter);
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
    const next = new Work(one.limiter);
    ahead.leave();
    await after(30);
    expect(next.startedAtMs).toBeCloseTo(1_040, 6);
  });

  it('should be free after the lease of a process that died before', async () => {
    const { one, other } = await granted();
    other.client.cut();
    const [next, last] = [new Work(one.limiter), new Work(one.limiter)];
    await after(3 * leaseMs + intervalMs);
    expect([next.startedAtMs, last.startedAtMs]).not.toContain(undefined);
  });

  it('should not start in a process that slept for longer than its lease', async () => {
    let sleepsMs = 0;
    const own: Clock = {
      now: () => clock.now(),
      epochNow: () => clock.epochNow(),
      schedule: (delayMs, run) => clock.schedule(delayMs + sleepsMs, run),
    };
    const [one, sleeper] = [process(), process(twoPerSecond(), own)];
    await use(one.limiter);
    const works = [new Work(sleeper.limiter), new Work(sleeper.limiter)];
    await after(950);
    sleepsMs = 2 * leaseMs;
    await after(10);
    sleeper.client.cut();
    const others = [new Work(one.limiter), new Work(one.limiter)];
    await after(2 * leaseMs + 500);
    // It is taken for dead, and what it held counts for a window more; then the others have all.
    expect([...works, ...others].map(({ startedAtMs }) => startedAtMs)).toEqual([1_000, undefined, 3_200, 3_200]);
  });

  it('should be none where a cool-down ends: a probe goes first', async () => {
    const { one, now, ahead } = await granted();
    await now.end();
    one.limiter.coolDown(1_050);
    await after(990);
    const next = new Work(one.limiter);
    await after(2_000);
    const started = [ahead, next].map(({ startedAtMs = Infinity }) => startedAtMs).toSorted((a, b) => a - b);
    // The next round begins a second later, where nobody tells how the probe ended.
    expect(started).toEqual([2_060, 3_060]);
  });

  it('should be none where data were lost: what runs may yet be told', async () => {
    const [one, other] = [process(), process()];
    const running = [new Work(one.limiter), new Work(one.limiter)];
    await after(0);
    const works = [new Work(other.limiter), new Work(other.limiter)];
    await after(10);
    one.client.cut();
    await redis.flush();
    // It asks, and hears that nothing may start until 1210 ms, which is when the lease of the other would be over.
    new Work(other.limiter).leave();
    await after(1_150);
    new Work(other.limiter);
    await after(20);
    one.client.mend();
    await after(500);
    expect([...running, ...works].map(({ startedAtMs }) => startedAtMs)).toEqual([0, 0, undefined, undefined]);
  });

  it('should be kept by a process that has nothing else, and not asked for again', async () => {
    const { other, now, ahead } = await granted();
    await now.end();
    const leaving = new Work(other.limiter);
    await after(1);
    leaving.leave();
    await after(20);
    expect((await redis.keys()).filter((key) => key.includes(':want:'))).toEqual([]);
    await after(9);
    expect(ahead.startedAtMs).toBeCloseTo(1_040, 6);
  });

  it('should be spaced by when it starts', async () => {
    const { limiter } = process([evenly({ limit: 10, intervalMs, name: 'even' })]);
    const works: Work[] = [];
    for (const afterMs of [0, 50, 60, 200]) {
      works.push(new Work(limiter));
      await after(afterMs);
    }
    expect(works.map(({ startedAtMs }) => startedAtMs)).toEqual([0, 100, 200, 300]);
  });

  it('should give its place back as it was, where the spacing changes before', async () => {
    const { limiter } = process([evenly({ limit: 1, intervalMs: 2_000, name: 'even' })]);
    await new Work(limiter).end();
    const next = new Work(limiter);
    await after(1_950);
    new Work(limiter, -1);
    await after(10);
    limiter.update({ even: { intervalMs: 500 } });
    await after(100);
    expect(next.startedAtMs).toBe(2_000);
  });

  it('should not be of another day than it was counted to', async () => {
    // A third is let in before midnight, and a fourth could be shortly after.
    clock = new VirtualClock({ epochMs: Date.UTC(2026, 10, 1) - 1_020 });
    const { limiter } = process([...twoPerSecond(), dailyQuota({ limit: 3, timeZone: 'UTC', name: 'daily' })]);
    await use(limiter);
    const works = Array.from({ length: 6 }, () => new Work(limiter));
    for (let turns = 0; turns < 100; turns++) {
      await after(50);
      for (const each of works) if (each.startedAtMs !== undefined) await each.end();
    }
    const [third, ...others] = works.flatMap(({ startedAtMs }) => startedAtMs ?? []);
    expect(third).toBe(1_000);
    expect(others).toHaveLength(3);
  });
});
