import { wait } from '../wait.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisServer } from './redisServer.js';
import { admin, monotonicMs, sharing, type LimitOf } from './sharing.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const perWindow = 40;
const intervalMs = 400;
const atOnce = 8;
const window: LimitOf = ['slidingWindow', { limit: perWindow, intervalMs, name: 'window' }];
const quota: LimitOf = ['dailyQuota', { limit: 1_000, name: 'quota' }];
const slots: LimitOf = ['concurrency', { limit: atOnce, name: 'slots' }];

describe('a process', () => {
  it('killed holds what it held for its lease, and leaves nothing behind', async () => {
    const asked = await admin(redis);
    const task = { store: { name: 'killed', leaseMs: 1_000 }, limits: [slots], works: 60, heavyMs: 60 };
    const { server, workers } = await sharing(redis, 3, () => task);
    const [dead, ...others] = workers;
    await server.hasSeen(30);
    dead!.kill();
    const killedMs = monotonicMs();
    await Promise.all(others.map(({ ended }) => ended));
    const living = server.entries.filter(({ worker }) => worker !== dead!.id);
    expect(living).toHaveLength(120);
    expect(server.mostInFlight()).toBeLessThanOrEqual(atOnce);
    // After its lease the others have all of it.
    expect(server.mostInFlight(living.filter(({ arrivedAtMs }) => arrivedAtMs > killedMs + 1_000))).toBe(atOnce);
    const keys = await asked.client.keys('*');
    expect(keys.filter((key) => /:(held|mail|want|passed)/.test(key))).toEqual([]);
  });

  it('stopped for longer than its lease starts nothing of what it was granted before', async () => {
    const { server, workers, ended } = await sharing(redis, 3, (index) => ({
      kind: index === 0 ? 'redis' : 'ioredis',
      store: { name: 'stopped', leaseMs: 1_000 },
      limits: [window, slots, quota],
      works: 80,
      // Whatever their clocks show.
      clock: { epochMs: (index - 1) * 600_000, originMs: index * 1e9 },
    }));
    for (const sleeper of workers.slice(0, 2)) {
      await server.hasSeen(server.entries.length + 40);
      sleeper.stop();
      await wait(1_300);
      sleeper.resume();
    }
    await ended();
    server.expectWithin({ perWindow, intervalMs, atOnce });
    server.expectOnce(240);
  });

  it('stopped shortly leaves the others room to go on', async () => {
    const { server, workers, ended } = await sharing(redis, 3, () => ({
      store: { name: 'shortly', leaseMs: 10_000 },
      limits: [window, slots],
      works: 90,
    }));
    const [sleeper] = workers;
    await server.hasSeen(40);
    sleeper!.stop();
    const stoppedMs = monotonicMs();
    await wait(1_800);
    // A second is for it to be noticed; by then it must not hold all there is.
    const late = server.entries.filter(({ arrivedAtMs }) => arrivedAtMs > stoppedMs + 1_000);
    sleeper!.resume();
    await ended();
    expect(late.length).toBeGreaterThan(atOnce);
    server.expectWithin({ perWindow, intervalMs, atOnce });
    server.expectOnce(270);
  });
});
