import { Subject } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GenerateEvent } from '../../operators/generating/generateEvents.js';
import type { Claims } from '../../src/journal/journal.js';
import type { Prompt } from '../operators/generating.js';
import { describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { SharedRun, type Sharer } from './sharedRun.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describeOverRedis('a worker that was given up', () => {
  it('never sends what another has sent since, though it was not there when it looked', async () => {
    const run = await SharedRun.over(redis);
    const running = { prompt: 'b', takesMs: 5_000 };
    const other = await run.another();
    await other.intends('a');
    await other.sends(running);
    await other.leaves();
    const worker = run.start({ prompts: ['a', running], concurrent: 1 });
    // It has looked for a, and waits to send it until b has ended.
    await run.passUntil(() => run.server.sentAs('poll') !== '');
    const next = await run.another();
    await run.giveUp('a', next);
    await next.sends('a');
    await run.call();
    await run.until(() => worker.events.filter(({ type, id }) => type === 'adopted' && id === 'b').length === 2);
    await next.leaves();
    await run.ended(worker);
    expect(worker.told.toSorted()).toEqual(['a succeeded', 'b succeeded']);
    expect(run.server.sentAs('submit')).toBe('b1 a1');
  });

  it('follows what it has lost where it is, and does not queue it anew', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.intends('a');
    await other.leaves();
    const worker = run.start({ prompts: ['a'] });
    // It was not there, and is sent.
    await run.passUntil(() => run.server.tasks.length > 0);
    const heir = await run.another();
    await run.giveUp('a', heir);
    await run.call();
    await heir.ends('a');
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded earlier']);
    expect(worker.events.filter(({ type }) => type === 'queued')).toHaveLength(1);
  });

  it('makes what it had not written down yet as any other prompt', async () => {
    const run = await SharedRun.over(redis);
    const worker = run.start({ prompts: ['a', 'b'], rate: { limit: 1, intervalMs: 500 } });
    // It has both, and b waits for its turn under the rate.
    await run.until(() => run.server.tasks.length > 0);
    const other = await run.another();
    await run.giveUp('b', other);
    await other.leaves();
    await run.call();
    await run.ended(worker);
    expect(worker.told.toSorted()).toEqual(['a succeeded', 'b succeeded']);
    expect(run.server.sentAs('submit')).toBe('a1 b1');
  });

  it('counts what another has taken over in the budget of the run, once, until it has ended there', async () => {
    const run = await SharedRun.over(redis);
    const prompts = new Subject<Prompt>();
    const gone = await run.another();
    await gone.sends({ prompt: 'a', credits: 3, takesMs: 100_000 });
    await gone.leaves();
    const worker = run.start({ prompts, runCredits: 4 });
    await run.until(() => worker.events.some(({ type }) => type === 'adopted'));
    const other = await run.another();
    await run.giveUp('a', other);
    await run.call();
    await expectHeld(run, worker, prompts);
    await other.ends('a', 'failed');
    await run.ended(worker);
    expect(worker.told).toEqual(['b succeeded']);
  });
});

describeOverRedis('a worker whose task is overdue', () => {
  it('leaves it to others once its answers are strange, and has it in the budget of the run until it has ended there', async () => {
    let isStrange = false;
    const run = await SharedRun.over(redis, { faultOf: () => (isStrange ? 'invalid' : undefined) });
    const prompts = new Subject<Prompt>();
    const heard: string[] = [];
    const journal = (claims: Claims): Partial<Claims> => ({
      on: (tell) =>
        claims.on((task) => {
          tell(task);
          heard.push(task.phase);
        }),
    });
    const worker = run.start({ prompts, runCredits: 4, deadlineMs: 1_000, journal });
    await run.until(() => prompts.observed);
    prompts.next({ prompt: 'a', credits: 3, takesMs: 100_000 });
    await run.passUntil(() => worker.told.length > 0);
    isStrange = true;
    const other = await run.another();
    let isTaken = false;
    void other.takes('a').then(() => (isTaken = true));
    await run.passUntil(() => isTaken);
    isStrange = false;
    // It may well be that nobody has it any more: nobody waits for what comes back of it.
    prompts.next({ prompt: 'b', credits: 3 });
    await run.passUntil(() => worker.told.length > 1);
    await other.ends('a', 'failed');
    await run.until(() => heard.includes('ended'));
    prompts.next({ prompt: 'c', credits: 3 });
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['a overdue', 'b exhausted', 'c succeeded']);
  });
});

/** Asks the worker for one more prompt, of 3 credits, which is not sent for now: the budget may yet get them back. */
async function expectHeld(run: SharedRun, { events }: Sharer, prompts: Subject<Prompt>): Promise<void> {
  prompts.next({ prompt: 'b', credits: 3 });
  prompts.complete();
  const has = (type: GenerateEvent['type']): boolean => events.some((event) => event.id === 'b' && event.type === type);
  await run.passUntil(() => has('retrying') || has('submitting'));
  expect(has('submitting')).toBe(false);
}
