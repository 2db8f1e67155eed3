import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { OptionsError, StoreLostError } from '../../src/errors.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import type { RedisClient } from '../../src/redis/client.js';
import { redisStore, type RedisStoreOptions } from '../../src/redis/redisStore.js';
import { wait } from '../wait.js';
import { clientKinds, connected } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { admin, monotonicMs, sharing, type LimitOf } from './sharing.js';

let redis: RedisServer;
beforeEach(async () => {
  redis = await RedisServer.start();
});
afterEach(() => redis.stop());

const window: LimitOf = ['slidingWindow', { limit: 40, intervalMs: 400, name: 'window' }];
const slots: LimitOf = ['concurrency', { limit: 8, name: 'slots' }];

function slotsOf(client: RedisClient, limit = 2, options: Partial<RedisStoreOptions> = {}, name = 'slots'): Limiter {
  const store = redisStore({ client, name: 'shared', leaseMs: 20_000, ...options });
  onTestFinished(() => store.close());
  return createLimiter({ limits: [concurrency({ limit, name })], store });
}

function closing(client: Redis): Redis {
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return client;
}

describe('a client', () => {
  it('that was never connected is refused at once, and keeps no process', async () => {
    const { workers } = await sharing(redis, 1, () => ({
      connects: false,
      store: { name: 'never' },
      limits: [slots],
      works: 3,
    }));
    const { errors } = await workers[0]!.ended;
    expect(errors.map(([code]) => code)).toEqual(Array(3).fill('SLUICE_STORE_LOST'));
    expect(errors[0]?.[1]).toContain('The client is closed');
  });

  it.each(clientKinds)('of %s that has been closed is refused at once', async (kind) => {
    const client = kind === 'redis' ? await createClient({ url: redis.url }).connect() : closing(new Redis(redis.url));
    const limiter = slotsOf(client);
    await limiter.run(() => 1);
    await client.quit();
    await expect(limiter.run(() => 1)).rejects.toThrow(StoreLostError);
  });

  it.each(['wrong', undefined])('with the password %s is refused at once', async (password) => {
    const asked = await admin(redis);
    await asked.send('CONFIG', 'SET', 'requirepass', 'right');
    const client = closing(new Redis(redis.port, password === undefined ? {} : { password }));
    await expect(slotsOf(client).run(() => 1)).rejects.toThrow(/out of reach \((WRONGPASS|NOAUTH)/);
  });

  it('that is lazy hears of what others make room for', async () => {
    const lazy = closing(new Redis(redis.port, { lazyConnect: true }));
    const [one, other] = [slotsOf(await connected(redis), 1), slotsOf(lazy, 1)];
    const permit = await one.acquire();
    const next = other.acquire();
    await wait(200);
    permit.release();
    // Without a message it would ask after a third of its lease, 6.7 s.
    const heard = await Promise.race([next, wait(3_000)]);
    expect(heard).toBeDefined();
  });

  it('waits for a Redis that is not there yet', async () => {
    await redis.kill();
    const { server, ended } = await sharing(redis, 2, (index) => ({
      kind: index === 0 ? 'redis' : 'ioredis',
      store: { name: 'late', lostAfterMs: 300 },
      limits: [slots],
      works: 20,
    }));
    await wait(2_000);
    await redis.boot();
    const told = await ended();
    expect(told.flatMap(({ errors }) => errors)).toEqual([]);
    server.expectOnce(40);
  });
});

it('gives up what waits as its store is closed, and what comes after, and leaves its turn to others', async () => {
  const client = await connected(redis);
  const store = redisStore({ client, name: 'shared', leaseMs: 20_000 });
  const closed = createLimiter({ limits: [concurrency({ limit: 1, name: 'slots' })], store });
  const [one, other] = [slotsOf(client, 1), slotsOf(client, 1)];
  const permit = await one.acquire();
  const waiting = closed.acquire().catch((error: unknown) => error);
  await wait(200);
  await store.close();
  expect(await Promise.race([waiting, wait(100)])).toBeInstanceOf(StoreLostError);
  await expect(closed.acquire()).rejects.toThrow('their store was closed');
  permit.release();
  await wait(200);
  // What was granted to nobody would be free after a lease, 20 s.
  expect(await Promise.race([other.acquire(), wait(3_000)])).toBeDefined();
});

describe('where Redis is lost', () => {
  it('should fail in time, where that is chosen, and work again once it is back', async () => {
    const lostAfterMs = 300;
    const limiter = slotsOf(await connected(redis), 2, { onStoreLost: 'fail', lostAfterMs });
    await limiter.run(() => 1);
    redis.pause();
    const startMs = monotonicMs();
    await expect(limiter.run(() => 1)).rejects.toThrow(StoreLostError);
    expect(monotonicMs() - startMs).toBeGreaterThanOrEqual(lostAfterMs - 1);
    // What comes now does not wait for it once more.
    const again = await Promise.race([limiter.run(() => 1).catch((error: unknown) => error), wait(lostAfterMs / 2)]);
    expect(again).toBeInstanceOf(StoreLostError);
    const isBack = new Promise<void>((resolve) => limiter.on(({ type }) => type === 'store-back' && resolve()));
    redis.resume();
    await isBack;
    // All of it: what was given up holds nothing.
    const permits = await Promise.all([limiter.acquire(), limiter.acquire()]);
    for (const permit of permits) permit.release();
  });

  it('should work again once it is back, where what waited had been refused for good', async () => {
    const client = createClient({ url: redis.url, socket: { reconnectStrategy: () => 20 } });
    client.on('error', () => undefined);
    await client.connect();
    onTestFinished(() => client.destroy());
    const limiter = slotsOf(client, 2, { onStoreLost: 'fail', lostAfterMs: 300 });
    await limiter.run(() => 1);
    await redis.kill();
    await expect(limiter.run(() => 1)).rejects.toThrow(StoreLostError);
    // Closed, and connected again, as some do that wait for nothing.
    client.destroy();
    await wait(1_500);
    await redis.boot();
    await client.connect();
    await expect.poll(() => limiter.run(() => 1).catch(() => undefined)).toBe(1);
  });

  it('should let each go on with its share, where that is chosen, and never pass the whole', async () => {
    const { server, workers, ended } = await sharing(redis, 3, (index) => ({
      kind: index === 1 ? 'ioredis' : 'redis',
      store: { name: 'local', leaseMs: 1_000, onStoreLost: 'local-share', lostAfterMs: 300 },
      // More than they do before the test has noticed that they began, on a machine that stands still for seconds.
      limits: [window, slots],
      works: 150,
    }));
    await server.hasSeen(40);
    redis.pause();
    const pausedMs = monotonicMs();
    const alone = () =>
      workers.map(({ id }) => server.of(id).filter(({ arrivedAtMs }) => arrivedAtMs > pausedMs + 300));
    // Each has a third of the window, over and over.
    await expect.poll(() => Math.min(...alone().map(({ length }) => length))).toBeGreaterThanOrEqual(26);
    for (const arrivals of alone()) {
      // Nothing at first: what was used before may still count.
      expect(arrivals[0]!.arrivedAtMs).toBeGreaterThan(pausedMs + 1_000);
      // It has 13 in each window; a machine that is busy gets through fewer.
      expect(server.mostIn(400, arrivals)).toBeGreaterThanOrEqual(6);
    }
    redis.resume();
    await ended();
    server.expectWithin({ perWindow: 40, intervalMs: 400, atOnce: 8 });
    server.expectOnce(450);
  });
});

describe('under one name', () => {
  it('should refuse limits other than those by which others work', async () => {
    const client = await connected(redis);
    const permit = await slotsOf(client).acquire();
    await expect(slotsOf(client, 2, {}, 'other').run(() => 1)).rejects.toThrow(OptionsError);
    permit.release();
  });

  it('should go by the newest figures', async () => {
    const client = await connected(redis);
    const one = slotsOf(client, 1);
    const permit = await one.acquire();
    const second = one.acquire();
    const third = await slotsOf(client, 3).acquire();
    (await second).release();
    third.release();
    permit.release();
  });
});
