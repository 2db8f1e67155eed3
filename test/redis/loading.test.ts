import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { redisJournal } from '../../src/redis/journal.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { lifeOf } from '../journal/entries.js';
import { until } from '../until.js';
import { clientKinds, connected, describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { admin } from './sharing.js';

/** Most of a second of loading, in which the server answers, though not what is asked. */
const keys = 700;
const slow = ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'];

let redis: RedisServer;
beforeEach(async () => {
  redis = await RedisServer.start(...slow, '--enable-debug-command', 'yes');
});
afterEach(() => redis.stop());

describeOverRedis.each(clientKinds)('a Redis that loads its data, over %s', (kind) => {
  it('is waited for, and what it knew still counts', async () => {
    const [one, other] = [await limiter(), await limiter()];
    const permit = await one.acquire();
    const loading = await restarted();
    let hasStarted = false;
    const next = other.acquire().then(() => (hasStarted = true));
    await loading.begun;
    permit.release();
    await loading.holdsBack(() => hasStarted);
    await next;

    async function limiter() {
      const store = redisStore({ client: await connected(redis, kind), name: 'loading', lostAfterMs: 300 });
      onTestFinished(() => store.close());
      return createLimiter({ limits: [concurrency({ limit: 1, name: 'slots' })], store });
    }
  });

  it('keeps a journal waiting, which goes on where it was', async () => {
    const journal = redisJournal({ client: await connected(redis, kind), name: 'loading' });
    const [intent, accepted] = lifeOf(0);
    await journal.open();
    await journal.claims.claim('key-0');
    await journal.write(intent!);
    const loading = await restarted();
    await loading.begun;
    let isWritten = false;
    const writing = journal.write(accepted!).then(() => (isWritten = true));
    await loading.holdsBack(() => isWritten);
    await writing;
    await journal.close();
  });
});

interface Loading {
  readonly begun: Promise<true>;
  /** Until it has ended: what was done while it still went on was done too early. */
  holdsBack(isDone: () => boolean): Promise<void>;
}

/** Kills it, and starts it again with what it had saved and much beside. */
async function restarted(): Promise<Loading> {
  const { send } = await admin(redis);
  await send('DEBUG', 'POPULATE', String(keys));
  await send('SAVE');
  await redis.kill();
  const booted = redis.boot();
  const isLoading = async (): Promise<boolean> => (await saidToPing()).startsWith('-LOADING');
  return {
    begun: until(isLoading),
    holdsBack: async (isDone) => {
      for (let wasDone = isDone(); await isLoading(); wasDone = isDone()) expect(wasDone).toBe(false);
      await booted;
    },
  };
}

function saidToPing(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(redis.port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', () => resolve(''));
  });
}
