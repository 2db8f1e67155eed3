import { afterAll, beforeAll, expect, it } from 'vitest';
import { JournalError } from '../../src/errors.js';
import type { NodeRedisClient } from '../../src/redis/client.js';
import { FakeServer, type FakeServerOptions } from '../operators/fakeServer.js';
import type { Prompt } from '../operators/generating.js';
import { wait } from '../wait.js';
import { connected, describeOverRedis, flush } from './journalClients.js';
import { fastClock, Worker, type WorkerOptions } from './journalWorkers.js';
import { RedisServer } from './redisServer.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

let runs = 0;

/** A run that several workers share, and its server. */
async function sharedRun(prompts: readonly Prompt[], options: Omit<FakeServerOptions, 'clock'> = {}) {
  const clock = fastClock();
  const server = new FakeServer({ clock, ...options });
  const name = `run-${(runs += 1)}`;
  const client = (await connected(redis)) as NodeRedisClient;
  const start = (more: Partial<WorkerOptions> = {}): Worker =>
    new Worker({ client, server, prompts, clock, ...more, journal: { name, ttlMs: 200, ...more.journal } });
  return { clock, server, client, name, start };
}

const letters = 'a b c d e f g h i j k l'.split(' ');

function succeeded(prompts: readonly string[]): readonly (readonly [string, string])[] {
  return prompts.map((prompt) => [prompt, 'succeeded'] as const);
}

describeOverRedis('workers on one run', () => {
  it('make each prompt once, between them, and each tells of all', async () => {
    const { server, start } = await sharedRun(letters);
    const workers = await Promise.all([start(), start(), start()].map((worker) => worker.ended()));
    for (const worker of workers) {
      expect(worker.recording.error).toBeUndefined();
      expect(worker.results.toSorted()).toEqual(succeeded(letters));
    }
    expect(server.tasks.map(({ order }) => order.prompt).toSorted()).toEqual(letters);
    const own = workers.map(({ recording }) => recording.values.filter(({ isEarlier }) => isEarlier !== true).length);
    expect(own.reduce((sum, count) => sum + count, 0)).toBe(letters.length);
    // Nobody has more prompts than slots, so that nobody is idle while another has some left.
    for (const count of own) expect(count).toBeGreaterThanOrEqual(2);
  });

  it('wait for what is another’s without a slot, and without asking over and over', async () => {
    const prompts = [{ prompt: 'a', takesMs: 30_000 }, 'b'];
    const { server, client, start } = await sharedRun(prompts);
    const journal = { name: `run-${runs}`, ttlMs: 60_000 };
    const first = start({ journal, prompts: prompts.slice(0, 1) });
    while (server.tasks.length === 0) await wait(5);
    let calls = 0;
    const counting: NodeRedisClient = {
      isOpen: true,
      evalSha: (sha, options) => {
        calls += 1;
        return client.evalSha(sha, options);
      },
      eval: (script, options) => client.eval(script, options),
      duplicate: () => client.duplicate(),
    };
    const second = start({ journal, concurrent: 1, client: counting });
    while (!second.results.some(([prompt]) => prompt === 'b')) await wait(5);
    expect(second.results).toEqual(succeeded(['b']));
    await Promise.all([first.ended(), second.ended()]);
    expect(second.results.toSorted()).toEqual(succeeded(['a', 'b']));
    expect(second.recording.values.find(({ id }) => id === first.recording.values[0]?.id)?.isEarlier).toBe(true);
    expect(calls).toBeLessThan(20);
  });

  it('take over what a dead one was at: polled where it runs, sent where it was not', async () => {
    const { server, start } = await sharedRun(letters.slice(0, 4), { latencyMs: 5 });
    const dead = start();
    while (server.tasks.length === 0) await wait(2);
    dead.kill();
    const living = await start().ended();
    expect(living.results.toSorted()).toEqual(succeeded(letters.slice(0, 4)));
    expect(server.tasks).toHaveLength(4);
    expect(server.duplicates).toBe(0);
  });

  it('hand over at once what a worker leaves that is stopped in order', async () => {
    const prompts = [{ prompt: 'a', takesMs: 4_000 }, 'b'];
    const { server, clock, start } = await sharedRun(prompts);
    const first = start({ journal: { name: `run-${runs}`, ttlMs: 60_000 } });
    while (server.tasks.length === 0) await wait(5);
    const second = start({ journal: { name: `run-${runs}`, ttlMs: 60_000 } });
    while (!second.results.some(([prompt]) => prompt === 'b')) await wait(5);
    first.recording.subscription.unsubscribe();
    await second.ended();
    // Half of its lease, which is of Redis' time.
    expect(clock.now()).toBeLessThan(20 * 30_000);
    expect(server.sentAs('submit').split(' ').toSorted()).toEqual(['a1', 'b1']);
    expect(second.results.toSorted()).toEqual(succeeded(['a', 'b']));
  });

  it('refuse to send for one that stood still until it was given up, and tell it how it ended', async () => {
    const { server, start } = await sharedRun(letters, { latencyMs: 20 });
    const sleeper = start();
    await wait(40);
    sleeper.stop();
    await wait(250);
    const awake = await start().ended();
    expect(awake.results.toSorted()).toEqual(succeeded(letters));
    sleeper.resume();
    await sleeper.ended();
    expect(sleeper.recording.error).toBeUndefined();
    expect(sleeper.results.toSorted()).toEqual(succeeded(letters));
    expect(server.tasks).toHaveLength(letters.length);
  });

  it('ask once more before a request is sent again: its prompt may be another’s by then', async () => {
    const { server, start } = await sharedRun(['a'], {
      faultOf: ({ kind, nth }) => (kind === 'submit' && nth === 1 ? 'transient' : undefined),
    });
    // In three seconds of ours: long after its lease.
    const sleeper = start({ baseMs: 60_000 });
    while (server.sent.length === 0) await wait(2);
    await wait(20);
    sleeper.stop();
    const awake = await start().ended();
    await wait(3_500);
    sleeper.resume();
    await sleeper.ended();
    expect(server.sentAs('submit')).toBe('a1 a2');
    expect(server.duplicates).toBe(0);
    for (const { results } of [sleeper, awake]) expect(results).toEqual(succeeded(['a']));
  });

  it('end with an error, and no second request, where Redis has lost the run before a request is sent again', async () => {
    const { server, start } = await sharedRun(['a'], {
      faultOf: ({ kind, nth }) => (kind === 'submit' && nth === 1 ? 'too-fast' : undefined),
    });
    // Seconds of ours: its lease is to be renewed by then.
    const worker = start({ baseMs: 200_000 });
    while (server.sent.length === 0) await wait(2);
    await flush(redis);
    await worker.ended();
    expect(worker.recording.error).toBeInstanceOf(JournalError);
    expect(server.sentAs('submit')).toBe('a1');
    expect(worker.recording.values).toEqual([]);
  });

  it('try again what has failed before, once among them', async () => {
    const prompts = ['a', { prompt: 'b', fails: true }];
    const { server, start } = await sharedRun(prompts);
    await start().ended();
    const workers = await Promise.all(
      [start({ retryFailed: true }), start({ retryFailed: true })].map((it) => it.ended()),
    );
    expect(server.sentAs('submit').split(' ').toSorted()).toEqual(['a1', 'b1', 'b2']);
    for (const { results } of workers)
      expect(results.toSorted()).toEqual([
        ['a', 'succeeded'],
        ['b', 'failed'],
      ]);
  });

  it('count what the others spend in the budget of the run', async () => {
    const { server, start } = await sharedRun(letters);
    const [one, other] = [start({ runCredits: 5 }), start({ runCredits: 5 })];
    await Promise.all([one.ended(), other.ended()]);
    // Two workers of two slots each: what the other has in flight unheard of may pass it.
    expect(server.tasks.length).toBeGreaterThanOrEqual(5);
    expect(server.tasks.length).toBeLessThanOrEqual(7);
    expect(one.recording.values).toHaveLength(letters.length);
  });

  it('take no credits of the day for what another makes, and wait for none to tell of it', async () => {
    const { clock, server, start } = await sharedRun(letters);
    const workers = [start({ dailyCredits: 8 }), start({ dailyCredits: 8 })];
    await Promise.all(workers.map((it) => it.ended()));
    for (const { results } of workers) expect(results.toSorted()).toEqual(succeeded(letters));
    expect(server.tasks).toHaveLength(letters.length);
    expect(clock.now()).toBeLessThan(3_600_000);
  });

  it('end all with an error, and send nothing more, where Redis has lost the run', async () => {
    const { server, name, start } = await sharedRun(letters, { latencyMs: 20 });
    const workers = [start(), start()];
    while (server.tasks.length < 3) await wait(5);
    await flush(redis);
    const sent = server.sentAs('submit').split(' ').length;
    await Promise.all(workers.map((it) => it.ended()));
    for (const { recording } of workers) {
      expect(recording.error).toBeInstanceOf(JournalError);
      expect((recording.error as Error).message).toContain(`the journal "${name}" in Redis has lost what was in it`);
    }
    // What was on its way already arrives; each was sent once.
    expect(server.sentAs('submit').split(' ').length).toBeLessThanOrEqual(sent + 4);
    expect(server.sentAs('submit')).not.toContain('2');
  });
});
