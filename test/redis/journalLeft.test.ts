import { Subject } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Prompt } from '../operators/generating.js';
import { describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { SharedRun } from './sharedRun.js';

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

describeOverRedis('a worker that comes to a run later', () => {
  it('follows what others left running, though nobody asks it for that', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    const sinceAtMs = run.clock.epochNow();
    await other.leaves();
    run.clock.advance(50);
    const worker = run.start({ prompts: ['b'], retryFailed: true });
    await run.ended(worker);
    expect(worker.told.toSorted()).toEqual(['a succeeded', 'b succeeded']);
    const adopted = worker.events.filter(({ type }) => type === 'adopted');
    expect(adopted).toMatchObject([{ id: 'a', taskId: 't-1', sinceAtMs }]);
    expect(run.server.sentAs('submit')).toBe('a1 b1');
  });

  it('looks up what others may have sent, and follows what is there', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.intends('a');
    await run.server.submit(run.server.parse('a'), 'a');
    await other.leaves();
    const worker = run.start();
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(run.server.sentAs('look-up')).toBe('a1');
    expect(run.server.sentAs('submit')).toBe('a1');
  });

  it('leaves alone what is over, and what was never sent, where nobody asks for it', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    await other.ends('a', 'failed');
    await other.intends('b');
    await other.findsNone('b');
    await other.leaves();
    const requests = run.server.sent.length;
    const worker = run.start({ retryFailed: true });
    await run.ended(worker);
    expect(worker.told).toEqual([]);
    expect(worker.events).toEqual([]);
    expect(run.server.sent).toHaveLength(requests);
  });

  it('sends what the server turns out not to have only once somebody asks for it', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.intends('a');
    await other.leaves();
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts });
    await run.passUntil(() => run.server.sentAs('look-up') === 'a1');
    // Nobody has it any more.
    const next = await run.another();
    await next.takes('a');
    await next.leaves();
    expect(run.server.sentAs('submit')).toBe('');
    prompts.next('a');
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(run.server.sent.find(({ kind }) => kind === 'submit')?.id).toBe('a');
  });

  it('never sends what another has sent since, though it was not there before', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.intends('a');
    await other.leaves();
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts });
    await run.passUntil(() => run.server.sentAs('look-up') === 'a1');
    const next = await run.another();
    await next.sends('a');
    await next.leaves();
    prompts.next('a');
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(run.server.sentAs('submit')).toBe('a1');
    expect(run.server.duplicates).toBe(0);
  });
});
