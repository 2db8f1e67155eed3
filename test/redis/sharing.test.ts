import { wait } from '../wait.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, sharing, type LimitOf, type WorkerTask } from './sharing.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const perWindow = 40;
const intervalMs = 500;
const atOnce = 8;
const limits: readonly LimitOf[] = [
  ['slidingWindow', { limit: perWindow, intervalMs, name: 'window' }],
  ['concurrency', { limit: atOnce, name: 'slots' }],
];
const works = 40;

/** Eight processes that begin together. */
async function eight(name: string, more: (index: number) => Partial<WorkerTask> = () => ({})) {
  return sharing(redis, 8, (index) => ({
    kind: index % 2 === 0 ? 'redis' : 'ioredis',
    store: { name, leaseMs: 60_000 },
    limits,
    works,
    ...more(index),
  }));
}

describe('eight processes', () => {
  it('never pass their limits, do all work once, get equal shares, and rest and end when it is done', async () => {
    const asked = await admin(redis);
    await asked.send('CONFIG', 'RESETSTAT');
    const { server, workers, ended } = await eight('equal');
    const told = await ended();
    const scripts = await asked.scripts();
    server.expectWithin({ perWindow, intervalMs, atOnce });
    server.expectOnce(8 * works);
    expect(told.flatMap(({ errors }) => errors)).toEqual([]);
    // Who comes first has all to itself: that aside, each gets as much as any other while all have work.
    const contended = server.entries.slice(perWindow, 6 * works);
    const shares = workers.map(({ id }) => contended.filter(({ worker }) => worker === id).length);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(works / 4);
    expect(scripts).toBeLessThan(2 * 8 * works);
    // Nobody has anything left, and nobody asks.
    await wait(1_000);
    expect(await asked.scripts()).toBe(scripts);
    expect(await asked.send('ZCARD', 'sluice:{equal}:alive')).toBe(0);
    const keys = await asked.client.keys('*');
    expect(keys.filter((key) => /:(held|mail|want|passed)/.test(key))).toEqual([]);
  });

  it('take turns between keys, however many of them have work of one', async () => {
    const { server, ended } = await eight('keys', (index) => ({
      ...(index === 0 ? { keys: ['b'], works: 60 } : { keys: ['a'], works: 20 }),
    }));
    await ended();
    server.expectWithin({ perWindow, intervalMs, atOnce });
    server.expectOnce(60 + 7 * 20);
    // Both have work until b's is done.
    const contended = server.entries.slice(perWindow, 3 * perWindow);
    const ofB = contended.filter(({ worker }) => worker === 'w0').length;
    expect(ofB).toBeGreaterThanOrEqual(0.4 * contended.length);
    expect(ofB).toBeLessThanOrEqual(0.6 * contended.length);
  });
});
