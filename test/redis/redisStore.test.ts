import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { count, from, lastValueFrom } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concurrency, createLimiter, dailyQuota, generate, slidingWindow } from '../../operators/index.js';
import { systemClock } from '../../src/clock.js';
import { fileJournal } from '../../src/journal/fileJournal.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { SimulatedDisk } from '../journal/simulatedDisk.js';
import { FakeServer } from '../operators/fakeServer.js';
import { RedisServer } from './redisServer.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(async () => {
  await server.stop();
});

describe('redisStore', () => {
  it('should let work through with node-redis', async () => {
    const client = await createClient({ url: server.url }).connect();
    const store = redisStore({ client, name: 'one' });
    const limiter = createLimiter({ limits: [slidingWindow({ limit: 5, intervalMs: 300 })], store });
    const startMs = performance.now();
    const at = await Promise.all(Array.from({ length: 12 }, () => limiter.run(() => performance.now() - startMs)));
    // Each no sooner than one interval after the fifth before it.
    for (const [index, atMs] of at.slice(5).entries()) expect(atMs - at[index]!).toBeGreaterThanOrEqual(300);
    expect(limiter.snapshot()).toMatchObject({ active: 0, waiting: 0, limits: [{ capacity: 5 }] });
    await store.close();
    await client.close();
  });

  it('should let work through with ioredis', async () => {
    const client = new Redis(server.port);
    const store = redisStore({ client, name: 'two' });
    const limiter = createLimiter({ limits: [concurrency({ limit: 2 })], store });
    let [running, greatest] = [0, 0];
    await Promise.all(
      Array.from({ length: 6 }, () =>
        limiter.run(async () => {
          greatest = Math.max(greatest, ++running);
          await new Promise((resolve) => setTimeout(resolve, 20));
          running--;
        }),
      ),
    );
    expect(greatest).toBe(2);
    expect(limiter.active).toBe(0);
    await store.close();
    await client.quit();
  });

  it('should count what a journal in files knows of a day once, however often that is opened', async () => {
    const client = await createClient({ url: server.url }).connect();
    const disk = new SimulatedDisk({ random: () => 0 });
    const api = new FakeServer({ clock: systemClock });
    const open = () => {
      const store = redisStore({ client, name: 'three' });
      const limits = [concurrency({ limit: 2, name: 'tasks' }), dailyQuota({ limit: 9, name: 'credits' })];
      return { store, slots: createLimiter({ limits, store }) };
    };
    for (const prompts of [
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]) {
      const { store, slots } = open();
      const journal = fileJournal({ directory: 'out', disk: disk.boot() });
      const options = { slots, journal, rate: 'off', pollIntervalMs: 10 } as const;
      expect(await lastValueFrom(from(prompts).pipe(generate(api, options), count()))).toBe(prompts.length);
      await store.close();
    }
    const { store, slots } = open();
    await slots.run(() => undefined, { cost: 0 });
    expect(slots.snapshot().limits).toMatchObject([{ used: 0 }, { used: 3 }]);
    await store.close();
    await client.close();
  });
});
