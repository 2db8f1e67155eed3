import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concurrency, createLimiter, slidingWindow } from '../../operators/index.js';
import { redisStore } from '../../src/redis/redisStore.js';
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
    console.log(at.map(Math.round), limiter.snapshot());
    await store.close();
    await client.close();
  });

  it('should let work through with ioredis', async () => {
    const client = new Redis(server.port);
    const store = redisStore({ client, name: 'two' });
    const limiter = createLimiter({ limits: [concurrency({ limit: 2 })], store });
    const startMs = performance.now();
    const at = await Promise.all(
      Array.from({ length: 6 }, () =>
        limiter.run(async () => {
          const atMs = performance.now() - startMs;
          await new Promise((resolve) => setTimeout(resolve, 50));
          return atMs;
        }),
      ),
    );
    console.log(at.map(Math.round));
    expect(limiter.active).toBe(0);
    await store.close();
    await client.quit();
  });
});
