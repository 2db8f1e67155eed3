import { Subject } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { perKey } from '../../src/limits/perKey.js';
import type { Prompt } from '../operators/generating.js';
import { textOf } from './handWorker.js';
import { describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { SharedRun } from './sharedRun.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describeOverRedis('a worker whose prompts wait for what the task of another may give back', () => {
  it.each([
    // One makes way and is behind the other then.
    [true, ['a failed', 'c succeeded', 'b exhausted']],
    [false, ['a succeeded', 'c exhausted', 'b exhausted']],
  ])('takes that over though they have all of its slots: it fails, %s', async (fails, told) => {
    const run = await SharedRun.over(redis);
    const a = { prompt: 'a', takesMs: 60_000, fails };
    const other = await run.another();
    await other.sends(a);
    const worker = run.start({ prompts: ['b', 'c', a], runCredits: 1, concurrent: 2 });
    await run.passUntil(() => worker.events.filter(({ type }) => type === 'retrying').length >= 2);
    await other.leaves();
    await run.ended(worker);
    expect(worker.told).toEqual(told);
    expect(run.server.sentAs('submit')).toBe(fails ? 'a1 c1' : 'a1');
  });

  it('makes way once, where it is another limit that keeps what was left from its slot', async () => {
    const run = await SharedRun.over(redis);
    const left = { prompt: 'a', takesMs: 60_000, fails: true };
    const other = await run.another();
    await other.sends(left);
    const limits = [concurrency({ limit: 2, name: 'tasks' }), perKey(() => concurrency({ limit: 1, name: 'tasks' }))];
    const slots = createLimiter({ limits, clock: run.clock });
    const prompts = [{ prompt: 'aa', takesMs: 90_000, credits: 0 }, 'b', left];
    const key = (prompt: Prompt) => textOf(prompt).charAt(0);
    const worker = run.start({ prompts, runCredits: 1, slots, key });
    await run.passUntil(() => worker.events.some(({ type }) => type === 'retrying'));
    await other.leaves();
    await run.ended(worker);
    expect(worker.told).toEqual(['aa succeeded', 'a failed', 'b succeeded']);
    const queued = worker.events.filter(({ type, id }) => type === 'queued' && id === 'b');
    expect(queued).toHaveLength(2);
  });

  it.each([
    ['takes it over once that worker is gone', ['a failed', 'b succeeded']],
    ['leaves it to that worker, which lives', ['b succeeded']],
  ])('%s, though it has begun since and nobody asks for it here', async (does, told) => {
    const run = await SharedRun.over(redis);
    const a = { prompt: 'a', takesMs: 60_000, fails: true };
    const other = await run.another();
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts, runCredits: 1, concurrent: 1 });
    await run.until(() => prompts.observed);
    await other.sends(a);
    prompts.next('b');
    prompts.complete();
    await run.passUntil(() => worker.events.some(({ type }) => type === 'retrying'));
    if (does.startsWith('takes')) await other.leaves();
    else await other.ends(a, 'failed');
    await run.ended(worker);
    expect(worker.told).toEqual(told);
    expect(run.server.sentAs('submit')).toBe('a1 b1');
  });
});
