import { afterAll, beforeAll, expect, it } from 'vitest';
import { JournalError, OptionsError } from '../../src/errors.js';
import { ClaimLostError } from '../../src/journal/claimLostError.js';
import type { Claim, JournaledTask } from '../../src/journal/journal.js';
import type { NodeRedisClient } from '../../src/redis/client.js';
import { redisJournal } from '../../src/redis/journal.js';
import { lifeOf, livesOf } from '../journal/entries.js';
import { journalContract } from '../journal/journalContract.js';
import { wait } from '../wait.js';
import { anothers, clientKinds, connected, describeOverRedis, flush, ours, workersOn } from './journalClients.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

let names = 0;
const newName = (): string => `journal-${(names += 1)}`;

/** Whether a promise has settled; after a turn or two of all that is under way. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), wait(50).then(() => false)]);
}

const [intent, accepted, , ended] = lifeOf(0);

describeOverRedis.each(clientKinds)('redisJournal over %s', (kind) => {
  journalContract(`redisJournal (${kind})`, async () => {
    const client = await connected(redis, kind);
    const name = newName();
    return { journal: () => redisJournal({ client, name }) };
  });

  it('should read a long history in pages', async () => {
    const client = await connected(redis, kind);
    const [writer, reader] = [0, 1].map(() => redisJournal({ client, name: `long-${kind}` }));
    await writer!.open();
    const lives = livesOf(500).map((it) => (it.type === 'intent' ? { ...it, prompt: 'x'.repeat(2_500) } : it));
    for (const { key } of lives.filter((it) => it.type === 'intent')) void writer!.claims.claim(key);
    await writer!.claims.claim('last');
    await Promise.all(lives.map((entry) => writer!.write(entry)));
    const { tasks } = await reader!.open();
    expect(tasks).toHaveLength(500);
    expect(tasks.every(({ phase }) => phase === 'ended')).toBe(true);
    await Promise.all([writer!.close(), reader!.close()]);
  });
});

describeOverRedis('a claim', () => {
  it('should be of one worker at a time, and free for the others as soon as it ends there', async () => {
    const [one, other] = await workersOn(redis, 2, { name: newName() });
    ours(await one!.claims.claim('key-0'));
    const { free } = anothers(await other!.claims.claim('key-0'));
    await one!.write(intent!);
    await one!.write(accepted!);
    expect(await isSettled(free)).toBe(false);
    await one!.write(ended!);
    await free;
    expect(other!.claims.taskOf('key-0')).toMatchObject({ phase: 'ended', credits: 10 });
    await Promise.all([one!.close(), other!.close()]);
  });

  it('should come with all that was written before it', async () => {
    const [one, other] = await workersOn(redis, 2, { name: newName() });
    const first = ours(await one!.claims.claim('key-0'));
    expect(first.task).toBeUndefined();
    await one!.write(intent!);
    void one!.write(accepted!);
    first.release();
    await anothersOrOurs(other!.claims.claim('key-0'));
    expect(other!.claims.taskOf('key-0')).toMatchObject({ phase: 'running', ref: { id: 'task-0' } });
    await Promise.all([one!.close(), other!.close()]);

    async function anothersOrOurs(asked: Promise<Claim>): Promise<void> {
      const claim = await asked;
      if (claim.isOurs) return;
      await claim.free;
      ours(await other!.claims.claim('key-0'));
    }
  });

  it('should be free at once where its worker closes', async () => {
    const [one, other] = await workersOn(redis, 2, { name: newName(), ttlMs: 60_000 });
    await one!.claims.claim('key-0');
    const { free } = anothers(await other!.claims.claim('key-0'));
    await one!.close();
    await free;
    ours(await other!.claims.claim('key-0'));
    await other!.close();
  });

  it('should never be lost while its worker lives', async () => {
    const [one, other] = await workersOn(redis, 2, { name: newName(), ttlMs: 900 });
    const claim = ours(await one!.claims.claim('key-0'));
    const { free } = anothers(await other!.claims.claim('key-0'));
    await wait(2_000);
    expect(claim.lost.aborted).toBe(false);
    expect(await isSettled(free)).toBe(false);
    await Promise.all([one!.close(), other!.close()]);
  });

  it('should be needed to write, whatever is written', async () => {
    const [one, other] = await workersOn(redis, 2, { name: newName() });
    for (const entry of lifeOf(0)) await expect(one!.write(entry)).rejects.toBeInstanceOf(ClaimLostError);
    await other!.claims.claim('key-0');
    await expect(one!.write(intent!)).rejects.toBeInstanceOf(ClaimLostError);
    await other!.write(intent!);
    await expect(one!.write(ended!)).rejects.toMatchObject({ code: 'SLUICE_CLAIM_LOST' });
    await Promise.all([one!.close(), other!.close()]);
    const [again] = [one!];
    expect((await again.open()).tasks).toMatchObject([{ phase: 'unknown' }]);
    await again.close();
  });

  it('should tell of what others have written, and not of our own', async () => {
    const [one, other] = await workersOn(redis, 2, { name: newName() });
    const heard: [string, JournaledTask][] = [];
    one!.claims.on((task) => heard.push(['one', task]));
    other!.claims.on((task) => heard.push(['other', task]));
    await one!.claims.claim('key-0');
    const { free } = anothers(await other!.claims.claim('key-0'));
    for (const entry of lifeOf(0)) await one!.write(entry);
    await free;
    expect(heard.map(([who]) => who)).toEqual(['other', 'other', 'other', 'other']);
    expect(heard.at(-1)?.[1]).toMatchObject({ key: 'key-0', phase: 'ended' });
    await Promise.all([one!.close(), other!.close()]);
  });
});

describeOverRedis('redisJournal', () => {
  it('should refuse other settings, and say which', async () => {
    const client = await connected(redis);
    const name = newName();
    const first = redisJournal({ client, name, settings: { '--mode': 'pro', '--model': 'x' } });
    await first.open();
    await first.close();
    const same = redisJournal({ client, name, settings: { '--model': 'x', '--mode': 'pro' } });
    await same.open();
    await same.close();
    const other = redisJournal({ client, name, settings: { '--model': 'x' } });
    await expect(other.open()).rejects.toThrow(/with other settings \(--mode is "pro" there, not given here\)/);
  });

  it.each([
    [{ name: 'a b' }, 'name'],
    [{ ttlMs: 50 }, 'ttlMs'],
    [{ client: {} as NodeRedisClient }, 'client'],
  ])('should refuse %j', async (wrong, path) => {
    const client = await connected(redis);
    expect(() => redisJournal({ client, name: 'x', ...wrong })).toThrow(expect.objectContaining({ path }));
    expect(() => redisJournal({ client, name: 'x', ...wrong })).toThrow(OptionsError);
  });

  it('should fail where Redis was emptied, for all that waits and all that comes', async () => {
    const [one, other] = await workersOn(redis, 2, { name: newName(), ttlMs: 3_000 });
    ours(await one!.claims.claim('key-0'));
    await one!.write(intent!);
    const { free } = anothers(await other!.claims.claim('key-0'));
    await flush(redis);
    await expect(free).rejects.toThrow(/has lost what was in it \(it is empty/);
    await expect(one!.write(accepted!)).rejects.toBeInstanceOf(JournalError);
    await expect(one!.claims.claim('key-1')).rejects.toBeInstanceOf(JournalError);
    await Promise.all([one!.close(), other!.close()]);
  });
});
