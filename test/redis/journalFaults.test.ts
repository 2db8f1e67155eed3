import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { systemClock, type Clock } from '../../src/clock.js';
import { JournalError } from '../../src/errors.js';
import type { RedisClient } from '../../src/redis/client.js';
import { redisJournal } from '../../src/redis/journal.js';
import { lifeOf } from '../journal/entries.js';
import { until } from '../until.js';
import { wait } from '../wait.js';
import { clientKinds, command, connected, describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start('--appendonly', 'yes', '--appendfsync', 'always');
});
afterAll(() => redis.stop());

let names = 0;
const newName = (): string => `faults-${(names += 1)}`;

const logOf = (name: string): string => `sluice:{journal:${name}}:log`;

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), wait(120).then(() => false)]);
}

/** An open journal that has claimed a prompt. */
async function opened(kind: (typeof clientKinds)[number] = 'redis') {
  const client = await connected(redis, kind);
  const name = newName();
  const away: unknown[] = [];
  const journal = redisJournal({ client, name, onAway: (why) => away.push(why) });
  await journal.open();
  await journal.claims.claim('key-0');
  return { client, name, journal, away };
}

const [intent, accepted, status] = lifeOf(0);

describeOverRedis.each(clientKinds)('what passes, over %s,', (kind) => {
  it('should be waited out: a server that stands still', async () => {
    const { name, journal } = await opened(kind);
    redis.pause();
    const writing = journal.write(intent!);
    expect(await isSettled(writing)).toBe(false);
    redis.resume();
    await writing;
    expect(await command(redis, 'LLEN', logOf(name))).toBe(1);
    await journal.close();
  });

  it('should be waited out: a server that is killed, and comes back with its data', async () => {
    const { name, journal } = await opened(kind);
    await journal.write(intent!);
    await redis.kill();
    const writing = journal.write(accepted!);
    expect(await isSettled(writing)).toBe(false);
    await redis.boot();
    await writing;
    expect(await command(redis, 'LLEN', logOf(name))).toBe(2);
    await journal.close();
  });

  it('should be waited out: connections that are cut', async () => {
    const { name, journal } = await opened(kind);
    const writing = (async () => {
      await journal.write(intent!);
      for (let at = 0; at < 200; at++) await journal.write({ ...status!, atMs: at });
    })();
    let isOver = false;
    void writing.then(() => (isOver = true));
    while (!(isOver as boolean)) {
      await command(redis, 'CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await wait(15);
    }
    const entries = (await command(redis, 'LRANGE', logOf(name), '1', '-1')) as readonly string[];
    expect(entries.map((json) => (JSON.parse(json) as { atMs: number }).atMs)).toEqual(
      Array.from({ length: 200 }, (_, at) => at),
    );
    await journal.close();
  });

  it('should be waited out: a server that is full', async () => {
    const { name, journal, away } = await opened(kind);
    await command(redis, 'CONFIG', 'SET', 'maxmemory', '1');
    const writing = journal.write(intent!);
    await until(() => away.length > 0);
    expect(await isSettled(writing)).toBe(false);
    await command(redis, 'CONFIG', 'SET', 'maxmemory', '0');
    await writing;
    // Once each, however often it is asked.
    expect(away).toEqual([expect.objectContaining({ message: expect.stringContaining('OOM') as string }), undefined]);
    expect(await command(redis, 'LLEN', logOf(name))).toBe(1);
    await journal.close();
  });

  it('should be waited out: a server that is a replica for a while', async () => {
    const { name, journal } = await opened(kind);
    await command(redis, 'REPLICAOF', '127.0.0.1', '1');
    const writing = journal.write(intent!);
    expect(await isSettled(writing)).toBe(false);
    await command(redis, 'REPLICAOF', 'NO', 'ONE');
    await writing;
    expect(await command(redis, 'LLEN', logOf(name))).toBe(1);
    await journal.close();
  });
});

describeOverRedis('what does not pass', () => {
  /** What opening a journal says. */
  async function refusal(client: RedisClient, name = newName()): Promise<JournalError> {
    const error: unknown = await redisJournal({ client, name })
      .open()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JournalError);
    return error as JournalError;
  }

  it.each(clientKinds)('should be told at once: a closed client (%s)', async (kind) => {
    const client = await connected(redis, kind);
    if ('destroy' in client) (client as unknown as { destroy(): void }).destroy();
    else (client as unknown as Redis).disconnect();
    await wait(20);
    expect((await refusal(client)).message).toContain('the client is not connected');
  });

  it('should be told at once: no password, and no right to run scripts', async () => {
    const client = await connected(redis);
    await command(redis, 'CONFIG', 'SET', 'requirepass', 'secret');
    try {
      const stranger = new Redis(redis.url, { enableReadyCheck: false });
      stranger.on('error', () => undefined);
      onTestFinished(() => stranger.disconnect());
      expect((await refusal(stranger)).message).toMatch(/cannot be used \(NOAUTH .*see to the server, its password/);
    } finally {
      await (client as unknown as { configSet(name: string, value: string): Promise<unknown> }).configSet(
        'requirepass',
        '',
      );
    }
    await command(redis, 'ACL', 'SETUSER', 'guest', 'on', '>guest', '~*', '+@all', '-@scripting');
    const guest = new Redis(redis.url.replace('//', '//guest:guest@'));
    guest.on('error', () => undefined);
    onTestFinished(() => guest.disconnect());
    expect((await refusal(guest)).message).toContain('NOPERM');
  });

  it('should be told at once: something else under its keys', async () => {
    const name = newName();
    await command(redis, 'SET', logOf(name), 'a cat');
    expect((await refusal(await connected(redis), name)).message).toContain('WRONGTYPE');
  });

  it('should be told at once: an entry that is none', async () => {
    const { client, name, journal } = await opened();
    await journal.write(intent!);
    await command(redis, 'RPUSH', logOf(name), '{"type":"strange"}');
    expect((await refusal(client, name)).message).toContain('has an entry that cannot be read');
    await journal.close();
  });
});

describeOverRedis('a Redis that has lost what a worker has seen', () => {
  it.each<[string, (name: string) => Promise<unknown>]>([
    [
      'all of it',
      (name) =>
        command(redis, 'DEL', ...['log', 'meta', 'claims', 'workers'].map((it) => logOf(name).replace(/log$/, it))),
    ],
    ['the last entry', (name) => command(redis, 'RPOP', logOf(name))],
    [
      'the last entry, with another in its place',
      (name) => command(redis, 'LSET', logOf(name), '-1', JSON.stringify(status)),
    ],
    ['its entries alone', (name) => command(redis, 'DEL', logOf(name))],
    ['its head alone', (name) => command(redis, 'DEL', logOf(name).replace(/log$/, 'meta'))],
    [
      'the run, for another of the same name',
      (name) => command(redis, 'HSET', logOf(name).replace(/log$/, 'meta'), 'run', 'x'),
    ],
  ])('should be found out before anything is written: %s', async (_what, lose) => {
    const { name, journal } = await opened();
    await journal.write(intent!);
    await lose(name);
    const error: unknown = await journal.write(accepted!).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JournalError);
    expect((error as JournalError).message).toContain(`the journal "${name}" in Redis has lost what was in it`);
    await expect(journal.write(accepted!)).rejects.toBe(error);
    const entries = (await command(redis, 'LRANGE', logOf(name), '0', '-1')) as readonly string[];
    expect(entries.filter((json) => json.includes('accepted'))).toEqual([]);
    await journal.close();
  });
});

describeOverRedis('the timers of a worker', () => {
  /** The machine's clock, and how many timers are set on it. */
  function countingClock(): Clock & { readonly timers: number } {
    let timers = 0;
    return {
      now: () => systemClock.now(),
      epochNow: () => systemClock.epochNow(),
      schedule: (delayMs, run) => {
        timers += 1;
        let isSet = true;
        const unset = (): void => {
          if (isSet) timers -= 1;
          isSet = false;
        };
        const cancel = systemClock.schedule(delayMs, () => {
          unset();
          run();
        });
        return () => {
          unset();
          cancel();
        };
      },
      get timers() {
        return timers;
      },
    };
  }

  it('should be none while it has nothing to do, and one while it holds a claim', async () => {
    const client = await connected(redis);
    const clock = countingClock();
    const journal = redisJournal({ client, name: newName(), clock });
    await journal.open();
    expect(clock.timers).toBe(0);
    await journal.claims.claim('key-0');
    await expect.poll(() => clock.timers).toBe(1);
    await journal.write(intent!);
    await journal.write(accepted!);
    await journal.write(lifeOf(0)[3]!);
    await expect.poll(() => clock.timers).toBe(0);
    await journal.close();
    expect(clock.timers).toBe(0);
  });

  it('should be none once it is closed, in good time though Redis does not answer', async () => {
    const clock = countingClock();
    const journal = redisJournal({ client: await connected(redis), name: newName(), clock });
    await journal.open();
    redis.pause();
    const [before, writing] = [systemClock.now(), journal.write(intent!)];
    const closed = journal.close();
    await expect(writing).rejects.toBeInstanceOf(JournalError);
    await closed;
    redis.resume();
    expect(systemClock.now() - before).toBeLessThan(30_000);
    expect(clock.timers).toBe(0);
  });

  it.each(['closed', 'left'])('should be none once opening is given up, where it is %s meanwhile', async (how) => {
    const client = await connected(redis);
    const clock = countingClock();
    const journal = redisJournal({ client, name: newName(), clock });
    const leaving = new AbortController();
    redis.pause();
    const opening = journal.open({ signal: leaving.signal });
    const refused = expect(opening).rejects.toThrow(/was closed/);
    await wait(20);
    if (how === 'closed') await journal.close();
    else leaving.abort();
    await refused;
    redis.resume();
    expect(clock.timers).toBe(0);
  });
});
