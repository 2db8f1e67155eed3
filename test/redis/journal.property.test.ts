import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/journal/journal.js';
import type { NodeRedisClient } from '../../src/redis/client.js';
import { redisJournal } from '../../src/redis/journal.js';
import { FakeServer } from '../operators/fakeServer.js';
import { runs } from '../runs.js';
import { wait } from '../wait.js';
import { connected, describeOverRedis } from './journalClients.js';
import { fastClock, Worker } from './journalWorkers.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

let names = 0;
const newName = (): string => `law-${(names += 1)}`;

/** What becomes of a call: it comes, or its connection breaks before or after it, or it comes once more much later. */
type Fate = 'fine' | 'lost' | 'unanswered' | 'doubled' | 'late';

/** A client on a bad line. */
function flaky(client: NodeRedisClient, fates: () => Fate): NodeRedisClient {
  const late: (() => Promise<unknown>)[] = [];
  const over = async (send: () => Promise<unknown>): Promise<unknown> => {
    const fate = fates();
    if (fate === 'lost') throw new Error('Socket closed unexpectedly');
    const answer = await send();
    if (fate === 'doubled') await send().catch(() => undefined);
    // It was still in some buffer when its successors had come.
    if (fate === 'late') late.push(send);
    else if (late.length > 1)
      await late
        .shift()?.()
        .catch(() => undefined);
    if (fate === 'unanswered') throw new Error('Socket closed unexpectedly');
    return answer;
  };
  return {
    isOpen: true,
    evalSha: (sha, options) => over(() => client.evalSha(sha, options)),
    eval: (script, options) => over(() => client.eval(script, options)),
    duplicate: () => client.duplicate(),
  };
}

describeOverRedis('redisJournal, on a bad line', () => {
  it('should always have each entry once, in its order, whatever becomes of each call', async () => {
    const client = (await connected(redis)) as NodeRedisClient;
    const fates = fc.infiniteStream(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant<Fate>('fine') },
        { weight: 3, arbitrary: fc.constantFrom<Fate>('lost', 'unanswered', 'doubled', 'late') },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fates, fc.integer({ min: 1, max: 4 }), async (stream, size) => {
        const name = newName();
        const line = flaky(client, () => stream.next().value as Fate);
        const journal = redisJournal({ client: line, name, random: () => 0 });
        await journal.open();
        const claim = await journal.claims.claim('key');
        expect(claim.isOurs).toBe(true);
        const intent = {
          type: 'intent',
          id: 'id',
          key: 'key',
          round: 0,
          index: 0,
          prompt: 'a',
          credits: 1,
          atMs: 0,
        } as const;
        const entries: readonly JournalEntry[] = [
          intent,
          ...Array.from({ length: 12 }, (_, at) => ({ type: 'status', id: 'id', atMs: at + 1 }) as const),
        ];
        for (let at = 0; at < entries.length; at += size) {
          await Promise.all(entries.slice(at, at + size).map((entry) => journal.write(entry)));
        }
        const log = await (
          client as unknown as { lRange(key: string, from: number, to: number): Promise<string[]> }
        ).lRange(`sluice:{journal:${name}}:log`, 0, -1);
        expect(log.map((json) => (JSON.parse(json) as { atMs: number }).atMs)).toEqual(entries.map(({ atMs }) => atMs));
        await journal.close();
      }),
      runs(10),
    );
  });
});

/** What happens to one of the workers after a while, by its number. */
interface Mishap {
  readonly afterMs: number;
  readonly worker: number;
  readonly kind: 'kill' | 'stop' | 'resume' | 'leave' | 'start';
}

const mishap: fc.Arbitrary<Mishap> = fc.record({
  afterMs: fc.integer({ min: 0, max: 60 }),
  worker: fc.nat(2),
  kind: fc.constantFrom('kill', 'stop', 'stop', 'resume', 'leave', 'start'),
});

const drawnPrompt = fc.record({
  takesMs: fc.constantFrom(0, 100, 700),
  fails: fc.boolean(),
});

describeOverRedis('workers on one run', () => {
  it('should always pay for each prompt once, and all tell of each, whoever dies or sleeps when', async () => {
    const client = await connected(redis);
    await fc.assert(
      fc.asyncProperty(
        fc.array(drawnPrompt, { minLength: 1, maxLength: 9 }),
        fc.array(mishap, { maxLength: 8 }),
        fc.integer({ min: 0, max: 40 }),
        fc.array(fc.constantFrom('lost', 'no-slot', 'transient', undefined, undefined), { maxLength: 6 }),
        async (drawn, mishaps, latencyMs, faults) => {
          const prompts = drawn.map((it, index) => ({ ...it, prompt: `prompt ${index}` }));
          const clock = fastClock();
          const left = [...faults];
          const server = new FakeServer({
            clock,
            latencyMs,
            faultOf: ({ kind }) => (kind === 'submit' ? left.pop() : undefined),
          });
          const name = newName();
          const start = (): Worker =>
            new Worker({ client, server, prompts, clock, journal: { name, ttlMs: 100 }, maxRetries: 50, baseMs: 100 });
          const workers: (Worker | undefined)[] = [start(), start(), start()];
          for (const { afterMs, worker, kind } of mishaps) {
            await wait(afterMs);
            const it = workers[worker];
            if (kind === 'kill') it?.kill();
            if (kind === 'leave') it?.recording.subscription.unsubscribe();
            if (kind === 'stop') it?.stop();
            if (kind === 'resume') it?.resume();
            if (kind === 'kill' || kind === 'leave') workers[worker] = undefined;
            if (kind === 'start') workers[worker] ??= start();
          }
          // Whoever sleeps wakes up, some of them long after they were given up.
          await wait(150);
          for (const worker of workers) worker?.resume();
          const last = start();
          for (const worker of [...workers, last]) {
            if (worker === undefined) continue;
            await worker.ended();
            expect(worker.recording.error).toBeUndefined();
            expect(worker.results.toSorted()).toEqual(
              prompts.map((it) => [it.prompt, it.fails ? 'failed' : 'succeeded']).toSorted(),
            );
            const told = worker.recording.values.filter(({ isFinal }) => isFinal);
            expect(new Set(told.map(({ id }) => id)).size).toBe(prompts.length);
          }
          expect(server.tasks.map(({ order }) => order.prompt).toSorted()).toEqual(prompts.map((it) => it.prompt));
        },
      ),
      runs(10),
    );
  });
});
