import { afterAll, beforeAll, expect, it } from 'vitest';
import { ClaimLostError } from '../../src/journal/claimLostError.js';
import type { NodeRedisClient } from '../../src/redis/client.js';
import { redisJournal } from '../../src/redis/journal.js';
import { lifeOf } from '../journal/entries.js';
import { anothers, connected, describeOverRedis, ours, workersOn } from './journalClients.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

const [intent, accepted] = lifeOf(0);

describeOverRedis('a worker that was not heard of for a while', () => {
  /** A worker whose calls stand still, on their way or on their way back, while it sleeps. */
  async function sleeper(name: string) {
    const client = (await connected(redis)) as NodeRedisClient;
    let wake: () => void = () => undefined;
    let awake = Promise.resolve();
    let sent: () => void = () => undefined;
    const standing = async (send: () => Promise<unknown>): Promise<unknown> => {
      await awake;
      const answering = send();
      sent();
      const answer = await answering;
      await awake;
      return answer;
    };
    const line: NodeRedisClient = {
      isOpen: true,
      evalSha: (sha, options) => standing(() => client.evalSha(sha, options)),
      eval: (script, options) => standing(() => client.eval(script, options)),
      duplicate: () => client.duplicate(),
    };
    return {
      journal: redisJournal({ client: line, name, ttlMs: 900 }),
      sleep: () => (awake = new Promise((resolve) => (wake = resolve))),
      wake: () => wake(),
      /** Resolves as the next call is under way. */
      nextCall: () => new Promise<void>((resolve) => (sent = resolve)),
    };
  }

  it('should be refused what it had written before it was given up, if it hears of that only later', async () => {
    const [other] = await workersOn(redis, 1, { name: 'refused', ttlMs: 900 });
    const name = 'refused';
    const { journal, sleep, wake, nextCall } = await sleeper(name);
    await journal.open();
    ours(await journal.claims.claim('key-0'));
    const { free } = anothers(await other!.claims.claim('key-0'));
    const calling = nextCall();
    const writing = journal.write(intent!);
    await calling;
    void sleep();
    const refused = expect(writing).rejects.toBeInstanceOf(ClaimLostError);
    await free;
    expect(ours(await other!.claims.claim('key-0')).task).toMatchObject({ phase: 'unknown' });
    wake();
    await refused;
    await Promise.all([journal.close(), other!.close()]);
  });

  it('should be refused what it had written before, if its connection breaks before it hears of that', async () => {
    const [other] = await workersOn(redis, 1, { name: 'broken', ttlMs: 900 });
    const client = (await connected(redis)) as NodeRedisClient;
    let isBroken = false;
    let isMended = false;
    // It breaks as the intent has arrived; what keeps the lease may be on its way just before.
    const evalSha: NodeRedisClient['evalSha'] = async (...call) => {
      if (isBroken) throw new Error('the connection is broken');
      const answer = await client.evalSha(...call);
      isBroken = !isMended && JSON.stringify(call).includes('intent');
      if (isBroken) throw new Error('the connection broke');
      return answer;
    };
    const line: NodeRedisClient = {
      isOpen: true,
      evalSha,
      eval: (script, options) => client.eval(script, options),
      duplicate: () => client.duplicate(),
    };
    const journal = redisJournal({ client: line, name: 'broken', ttlMs: 900 });
    await journal.open();
    ours(await journal.claims.claim('key-0'));
    const { free } = anothers(await other!.claims.claim('key-0'));
    const refused = expect(journal.write(intent!)).rejects.toBeInstanceOf(ClaimLostError);
    await free;
    expect(ours(await other!.claims.claim('key-0')).task).toMatchObject({ phase: 'unknown' });
    isMended = true;
    isBroken = false;
    await refused;
    await Promise.all([journal.close(), other!.close()]);
  });

  it('should find out before it sends that another has its prompt', async () => {
    const [other] = await workersOn(redis, 1, { name: 'found-out', ttlMs: 900 });
    const { journal, sleep, wake } = await sleeper('found-out');
    await journal.open();
    const claim = ours(await journal.claims.claim('key-0'));
    await journal.write(intent!);
    await claim.confirm();
    const { free } = anothers(await other!.claims.claim('key-0'));
    void sleep();
    await free;
    ours(await other!.claims.claim('key-0'));
    expect(claim.lost.aborted).toBe(false);
    const confirming = claim.confirm();
    wake();
    await expect(confirming).rejects.toBeInstanceOf(ClaimLostError);
    expect(claim.lost.aborted).toBe(true);
    await expect(journal.write(accepted!)).rejects.toBeInstanceOf(ClaimLostError);
    // It is a worker like any other again.
    ours(await journal.claims.claim('key-1'));
    await Promise.all([journal.close(), other!.close()]);
  });

  it('should hear of an end within a third of its lease where no message comes', async () => {
    const client = (await connected(redis)) as NodeRedisClient;
    const name = 'deaf';
    const deaf: NodeRedisClient = {
      isOpen: true,
      evalSha: (sha, options) => client.evalSha(sha, options),
      eval: (script, options) => client.eval(script, options),
      duplicate: () => ({ connect: () => new Promise(() => undefined), on: () => undefined, destroy: () => undefined }),
    };
    const [one, other] = [client, deaf].map((it) => redisJournal({ client: it, name, ttlMs: 1_500 }));
    await one!.open();
    await other!.open();
    await one!.claims.claim('key-0');
    const { free } = anothers(await other!.claims.claim('key-0'));
    for (const entry of lifeOf(0)) await one!.write(entry);
    await free;
    expect(other!.claims.taskOf('key-0')).toMatchObject({ phase: 'ended' });
    await Promise.all([one!.close(), other!.close()]);
  });

  it('should know all that was written before a claim, however much that is', async () => {
    const [one, other] = await workersOn(redis, 2, { name: 'long' });
    const intents = Array.from({ length: 300 }, (_, at) => ({ ...intent!, id: `id-${at}`, key: `key-${at}` }));
    await Promise.all(intents.map(({ key }) => one!.claims.claim(key)));
    const long = intents.map((it) => ({ ...it, prompt: 'x'.repeat(2_500) }) as typeof intent & object);
    await Promise.all(long.map((it) => one!.write(it)));
    const closing = one!.close();
    let claim = await other!.claims.claim('key-299');
    while (!claim.isOurs) {
      await claim.free;
      claim = await other!.claims.claim('key-299');
    }
    expect(claim.task).toMatchObject({ id: 'id-299', phase: 'unknown' });
    await closing;
    await other!.close();
  });
});
