import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { SharedRun } from './sharedRun.js';

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
    await run.giveUp('a');
    const next = await run.another();
    await next.sends('a');
    await run.call();
    await run.until(() => worker.events.filter(({ type, id }) => type === 'adopted' && id === 'b').length === 2);
    await next.leaves();
    await run.ended(worker);
    expect(worker.told.toSorted()).toEqual(['a succeeded', 'b succeeded']);
    expect(run.server.sentAs('submit')).toBe('b1 a1');
  });
});
