import { Subject } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { JournalError } from '../../src/errors.js';
import { ClaimLostError } from '../../src/journal/claimLostError.js';
import type { Claims } from '../../src/journal/journal.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import type { Prompt } from '../operators/generating.js';
import { describeOverRedis, flush } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { SharedRun } from './sharedRun.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

/** Keeps a worker's only slot. */
const long = { prompt: 'long', takesMs: 2_000 };
/** The id that this run gives a task of `a` that is made once more. */
const again = expect.stringMatching(/^a-[0-9a-f]{23}$/) as string;

/** A journal that does not say what others write: whoever asks for a prompt learns of it. */
const untold = (): Partial<Claims> => ({ on: () => () => undefined });

describeOverRedis('a worker among others', () => {
  it('tells at once how another has ended a prompt that waits here for a slot', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    const worker = run.start({ prompts: [long, 'a'], concurrent: 1 });
    await run.until(() => run.server.tasks.length > 0);
    await other.sends('a');
    await other.ends('a');
    await run.until(() => worker.told.length > 0);
    expect(worker.told).toEqual(['a succeeded earlier']);
  });

  it('keeps a prompt in its place, whatever others write about it before its end', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    const worker = run.start({ prompts: [long, 'a', 'b'], concurrent: 1 });
    await run.until(() => run.server.tasks.length > 0);
    await other.intends('a');
    await other.findsNone('a');
    await other.sends('b');
    await other.ends('b');
    // Whoever knows of the end of b knows of the rest.
    await run.until(() => worker.told.length > 0);
    await other.leaves();
    await run.ended(worker);
    expect(worker.told).toEqual(['b succeeded earlier', 'long succeeded', 'a succeeded']);
    expect(worker.events.filter(({ id, type }) => id === 'a' && type === 'queued')).toHaveLength(1);
    expect(run.server.sentAs('look-up')).toBe('');
  });

  it('does not look for what another has looked for in vain while it waited here', async () => {
    const run = await SharedRun.over(redis);
    const [gone, other] = [await run.another(), await run.another()];
    await gone.sends(long);
    await other.intends('a');
    await gone.leaves();
    const worker = run.start({ prompts: ['a'], concurrent: 1 });
    await run.passUntil(() => run.server.sentAs('poll') !== '');
    await other.findsNone('a');
    await other.leaves();
    await run.ended(worker);
    expect(worker.told).toEqual(['long succeeded', 'a succeeded']);
    expect(run.server.sentAs('look-up')).toBe('');
  });

  it('does not try once more what another has tried once more', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts, retryFailed: true });
    await run.until(() => prompts.observed);
    for (const round of [0, 1]) {
      await other.sends('a', round);
      await other.ends('a', 'failed', round);
    }
    // Whoever can make b knows of both.
    prompts.next('b');
    await run.passUntil(() => worker.told.length > 0);
    prompts.next('a');
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['b succeeded', 'a failed earlier']);
    expect(run.server.tasks.map(({ externalId }) => externalId)).toEqual(['a', 'a-1', 'b']);
  });

  it('tries once more what has failed before it came, however often', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    for (const round of [0, 1]) {
      await other.sends('a', round);
      await other.ends('a', 'failed', round);
    }
    const worker = run.start({ prompts: ['a'], retryFailed: true });
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(run.server.tasks.map(({ externalId }) => externalId)).toEqual(['a', 'a-1', again]);
  });

  it('asks once more for a prompt that was lost as it was given', async () => {
    const run = await SharedRun.over(redis);
    const asked: string[] = [];
    const journal = (claims: Claims): Partial<Claims> => ({
      claim: (key) => (asked.push(key) === 1 ? Promise.reject(new ClaimLostError(key)) : claims.claim(key)),
    });
    const worker = run.start({ prompts: ['a'], journal });
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(asked).toEqual(['id:a', 'id:a']);
  });

  it('knows as it gets a prompt how that has ended, though nobody has told it', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    const worker = run.start({ prompts: [long, 'a'], concurrent: 1, journal: untold });
    await run.until(() => run.server.tasks.length > 0);
    await other.sends('a');
    await other.ends('a');
    await run.ended(worker);
    expect(worker.told).toEqual(['long succeeded', 'a succeeded earlier']);
    expect(run.server.sentAs('look-up')).toBe('');
  });

  it('knows as it gets a prompt which task of it is to be sent, though nobody has told it', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    const worker = run.start({ prompts: [long, 'a'], concurrent: 1, journal: untold });
    await run.until(() => run.server.tasks.length > 0);
    await other.sends('a');
    await other.ends('a', 'failed');
    await other.intends('a', 1);
    await other.findsNone('a', 1);
    await other.leaves();
    await run.ended(worker);
    expect(worker.told).toEqual(['long succeeded', 'a succeeded']);
    expect(run.server.tasks.map(({ externalId }) => externalId)).toEqual(['long', 'a', again]);
  });

  it('shares its slots fairly between the owners of its prompts', async () => {
    const run = await SharedRun.over(redis);
    const worker = run.start({
      prompts: ['x1', 'x2', 'x3', 'y1'],
      concurrent: 1,
      key: (prompt) => (prompt as string).slice(0, 1),
    });
    await run.ended(worker);
    const made = run.server.tasks.map(({ order }) => order.prompt);
    expect(made.indexOf('y1')).toBeLessThan(made.indexOf('x3'));
  });

  it('refuses what nobody can say the owner of, once it is asked for', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    await other.leaves();
    const prompts = new Subject<Prompt>();
    const key = (prompt: Prompt): unknown => {
      if (prompt === 'a') throw new Error('who is that?');
      return prompt;
    };
    const worker = run.start({ prompts, key });
    await run.until(() => prompts.observed);
    prompts.next('b');
    await run.passUntil(() => worker.told.length > 0);
    prompts.next('a');
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['b succeeded', 'a failed']);
    expect(worker.recording.values[1]?.error?.message).toBe('who is that?');
  });

  it('gives back a prompt that it gets only as it hears of its end', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts, client: run.deaf() });
    await run.until(() => prompts.observed);
    await other.sends('a');
    await other.ends('a');
    prompts.next('a');
    await run.until(() => worker.told.length > 0);
    expect(worker.told).toEqual(['a succeeded earlier']);
    // Waits for as long as the worker has it.
    await other.takes('a');
  });

  it('ends where it is stopped while a prompt waits for a slot', async () => {
    const run = await SharedRun.over(redis);
    const slots = createLimiter({ limits: [concurrency({ limit: 1, name: 'tasks' })], clock: run.clock });
    await slots.acquire();
    const stop = new AbortController();
    const worker = run.start({ prompts: ['a'], slots, stop: stop.signal });
    await run.until(() => slots.waiting > 0);
    stop.abort();
    expect(slots.waiting).toBe(0);
    await run.ended(worker);
    expect(worker.told).toEqual([]);
  });

  it('collects what runs where it is stopped', async () => {
    const run = await SharedRun.over(redis);
    const stop = new AbortController();
    const worker = run.start({ prompts: ['a', 'b'], concurrent: 1, stop: stop.signal });
    await run.until(() => run.server.tasks.length > 0);
    stop.abort();
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(run.server.sentAs('submit')).toBe('a1');
  });

  it('takes no more prompts once Redis has lost the run while it waits for another, and ends with an error', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts, concurrent: 1 });
    await run.until(() => prompts.observed);
    prompts.next(long);
    await run.until(() => run.server.tasks.length > 1);
    await flush(redis);
    await run.call();
    await run.until(() => !prompts.observed);
    await run.passUntil(() => worker.recording.end !== '');
    expect(worker.recording.error).toBeInstanceOf(JournalError);
    expect(worker.told).toEqual(['long succeeded']);
  });

  it('ends with an error, and sends nothing, where Redis has lost the run before a prompt comes', async () => {
    const run = await SharedRun.over(redis);
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts });
    await run.until(() => prompts.observed);
    await flush(redis);
    prompts.next('a');
    await run.until(() => worker.recording.end !== '');
    expect(worker.recording.error).toBeInstanceOf(JournalError);
    expect(run.server.sent).toEqual([]);
  });
});
