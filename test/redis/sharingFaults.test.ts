import { afterEach, describe, expect, it } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { wait } from '../wait.js';
import { connected } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { admin, monotonicMs, sharing, type LimitOf, type WorkerTask } from './sharing.js';

const perWindow = 40;
const intervalMs = 400;
const atOnce = 8;
const limits: readonly LimitOf[] = [
  ['slidingWindow', { limit: perWindow, intervalMs, name: 'window' }],
  ['concurrency', { limit: atOnce, name: 'slots' }],
];

let redis: RedisServer;
afterEach(() => redis.stop());

/** A newcomer gets all that there is at once, long before a lease ends: nothing is held by nobody. */
async function takesAll(name: string): Promise<void> {
  const store = redisStore({ client: await connected(redis), name, leaseMs: 60_000 });
  const window = slidingWindow({ limit: perWindow, intervalMs, name: 'window' });
  const limiter = createLimiter({ limits: [window, concurrency({ limit: atOnce, name: 'slots' })], store });
  const cost = { window: perWindow / atOnce, slots: 1 };
  const permits = await Promise.all(Array.from({ length: atOnce }, () => limiter.acquire({ cost })));
  expect(limiter.snapshot().limits.map(({ used }) => used)).toEqual([perWindow, atOnce]);
  for (const permit of permits) permit.release();
  await store.close();
}

type Admin = Awaited<ReturnType<typeof admin>>;

async function restart(downMs: number): Promise<void> {
  await redis.kill();
  await wait(downMs);
  await redis.boot();
}

/** What the data outlive. */
const harmless: Record<string, (asked: Admin) => Promise<unknown>> = {
  'clients cut off': async ({ send }) => {
    for (let i = 0; i < 3; i++) {
      await send('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await send('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await wait(50);
    }
  },
  'subscribers cut off': ({ send }) => send('CLIENT', 'KILL', 'TYPE', 'pubsub'),
  'scripts forgotten': ({ send }) => send('SCRIPT', 'FLUSH'),
  'a pause longer than lease and patience': async () => {
    redis.pause();
    await wait(1_500);
    redis.resume();
  },
  'a slow command': ({ send }) => send('DEBUG', 'SLEEP', '1'),
  'no memory': async ({ send }) => {
    await send('CONFIG', 'SET', 'maxmemory', '1');
    await wait(300);
    await send('CONFIG', 'SET', 'maxmemory', '0');
  },
  'a replica for a while': async ({ send }) => {
    await send('REPLICAOF', '127.0.0.1', '1');
    await wait(300);
    await send('REPLICAOF', 'NO', 'ONE');
  },
  'loading its data': ({ send }) => send('DEBUG', 'LOADAOF'),
  'a restart': () => restart(20),
  'a restart after longer than a lease': () => restart(1_300),
};

const task = (index: number): Pick<WorkerTask, 'kind' | 'limits'> => ({
  kind: index === 1 ? 'ioredis' : 'redis',
  limits,
});

describe('processes that share limits', () => {
  it('never pass them, and lose nothing, whatever befalls a Redis that keeps its data', async () => {
    await suffer(Object.values(harmless));
  });

  // Each alone, with `SLUICE_RUNS`: what goes wrong in company is found by itself.
  if (Number(process.env['SLUICE_RUNS'] ?? 1) > 1) {
    it.each(Object.entries(harmless))('outlive %s', (_, fault) => suffer([fault]));
  }

  async function suffer(faults: readonly ((asked: Admin) => Promise<unknown>)[]): Promise<void> {
    redis = await RedisServer.start('--enable-debug-command', 'yes', '--appendonly', 'yes', '--appendfsync', 'always');
    const asked = await admin(redis);
    const works = 40 + 10 * faults.length;
    const { server, ended } = await sharing(redis, 3, (index) => ({
      ...task(index),
      store: { name: 'kept', leaseMs: 1_000, lostAfterMs: 500 },
      works,
    }));
    for (const fault of faults) {
      await server.hasSeen(server.entries.length + 25);
      await fault(asked);
    }
    const told = await ended();
    server.expectWithin({ perWindow, intervalMs, atOnce });
    server.expectOnce(3 * works);
    expect(told.flatMap(({ errors }) => errors)).toEqual([]);
    await takesAll('kept');
  }

  it('start nothing until what Redis has lost cannot count any more', async () => {
    redis = await RedisServer.start();
    const asked = await admin(redis);
    const leaseMs = 1_000;
    const { server, ended } = await sharing(redis, 3, (index) => ({
      ...task(index),
      store: { name: 'lost', leaseMs },
      works: 90,
    }));
    const losses: (() => Promise<unknown>)[] = [
      () => asked.send('FLUSHALL'),
      // Back to what was there some work ago; and then to the same once more.
      async () => {
        await asked.send('SAVE');
        await server.hasSeen(server.entries.length + 30);
        await restart(20);
      },
      () => restart(20),
    ];
    for (const lose of losses) {
      await server.hasSeen(server.entries.length + 50);
      await lose();
      // What was granted before may still be on its way.
      const lostMs = monotonicMs() + 200;
      await server.hasSeen(server.entries.length + atOnce + 1);
      const early = server.entries.filter(({ arrivedAtMs }) => arrivedAtMs > lostMs && arrivedAtMs < lostMs + 600);
      expect(early).toEqual([]);
    }
    await ended();
    server.expectWithin({ perWindow, intervalMs, atOnce });
    server.expectOnce(270);
    await takesAll('lost');
  });

  it('count what still runs after an outage that was longer than a lease', async () => {
    redis = await RedisServer.start();
    const { server, ended } = await sharing(redis, 3, (index) => ({
      ...task(index),
      store: { name: 'long', leaseMs: 1_000 },
      works: 4,
      heavyMs: 1_900,
    }));
    await server.hasSeen(atOnce);
    redis.pause();
    await wait(1_300);
    redis.resume();
    await ended();
    server.expectWithin({ perWindow, intervalMs, atOnce });
    server.expectOnce(12);
  });
});
