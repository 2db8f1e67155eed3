import { Redis } from 'ioredis';
import { createClient, createClientPool, RESP_TYPES } from 'redis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import type { RedisClient } from '../../src/redis/client.js';
import { redisJournal } from '../../src/redis/journal.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { lifeOf } from '../journal/entries.js';
import { wait } from '../wait.js';
import { anothers, describeOverRedis, ours } from './journalClients.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

type Connect = () => Promise<RedisClient>;

const overIoRedis = (options: object) => (): Promise<RedisClient> => {
  const client = new Redis(redis.port, options);
  client.on('error', () => undefined);
  onTestFinished(() => client.disconnect());
  return Promise.resolve(client);
};

const overNodeRedis = (options: object) => async (): Promise<RedisClient> => {
  const client = createClient({ url: redis.url, ...options });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
};

const asBytes = { commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } };

describeOverRedis.each<[string, Connect]>([
  ['puts something before keys', overIoRedis({ keyPrefix: 'app:' })],
  ['hands out numbers as texts', overIoRedis({ stringNumbers: true })],
  ['hands out texts as bytes', overNodeRedis(asBytes)],
  ['speaks RESP3', overNodeRedis({ RESP: 3 })],
])('a client that %s', (name, connect) => {
  it('hears at once of what others make room for', async () => {
    const slots = async () => {
      const store = redisStore({ client: await connect(), name, leaseMs: 60_000 });
      onTestFinished(() => store.close());
      return createLimiter({ limits: [concurrency({ limit: 1, name: 'slots' })], store });
    };
    const [one, other] = [await slots(), await slots()];
    const permit = await one.acquire();
    const next = other.acquire();
    await wait(200);
    permit.release();
    // Without a message it would ask after a third of its lease.
    expect(await Promise.race([next, wait(3_000)])).toBeDefined();
  });

  it('keeps a journal, and hears at once of what others let go', async () => {
    const journalName = name.replaceAll(' ', '-');
    const opened = async () => {
      const journal = redisJournal({ client: await connect(), name: journalName, ttlMs: 60_000 });
      await journal.open();
      onTestFinished(() => journal.close());
      return journal;
    };
    const [one, other] = [await opened(), await opened()];
    const claim = ours(await one.claims.claim('key-0'));
    const { free } = anothers(await other.claims.claim('key-0'));
    await one.write(lifeOf(0)[0]!);
    claim.release();
    expect(await Promise.race([free.then(() => 'free'), wait(3_000)])).toBe('free');
    expect(ours(await other.claims.claim('key-0')).task).toMatchObject({ phase: 'unknown' });
  });
});

describeOverRedis('a pool of clients, which has no connection of its own to listen on', () => {
  it('is refused at the door', () => {
    const client = createClientPool({ url: redis.url }) as unknown as RedisClient;
    expect(() => redisStore({ client, name: 'pool' })).toThrow(OptionsError);
    expect(() => redisJournal({ client, name: 'pool' })).toThrow(OptionsError);
  });
});
