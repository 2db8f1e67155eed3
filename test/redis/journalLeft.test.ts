import { Subject } from 'rxjs';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

/** At which place of the source each prompt is, by what it tells. */
function placesOf({ recording }: Sharer): Readonly<Record<string, number>> {
  return Object.fromEntries(recording.values.map(({ id, index }) => [id, index]));
}

/** A worker that nobody has asked for a prompt has looked for what an earlier one meant to send; and one that comes next. */
async function soughtInVain() {
  const run = await SharedRun.over(redis);
  const other = await run.another();
  await other.intends('a');
  await other.leaves();
  const prompts = new Subject<Prompt>();
  const worker = run.start({ prompts });
  await run.passUntil(() => run.server.sentAs('look-up') === 'a1');
  return { run, prompts, worker, next: await run.another() };
}

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
    const { run, prompts, worker, next } = await soughtInVain();
    // Nobody has it any more.
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
    const { run, prompts, worker, next } = await soughtInVain();
    await next.sends('a');
    await next.leaves();
    prompts.next('a');
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(run.server.sentAs('submit')).toBe('a1');
    expect(run.server.duplicates).toBe(0);
  });

  it('tells once of what it took over, though somebody asks for it after its end', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    await other.leaves();
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts });
    await run.passUntil(() => worker.told.length > 0);
    prompts.next('a');
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
  });

  it('tells how another has ended it once somebody asks for it, and not before', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts });
    await run.until(() => prompts.observed);
    await other.ends('a');
    prompts.next('b');
    // Whoever can make b knows of the end of a.
    await run.passUntil(() => worker.told.length > 0);
    expect(worker.told).toEqual(['b succeeded']);
    prompts.next('a');
    prompts.complete();
    await run.ended(worker);
    expect(worker.told).toEqual(['b succeeded', 'a succeeded earlier']);
    expect(run.server.sentAs('submit')).toBe('a1 b1');
  });

  it('sends what was never there without looking for it, under the id that it had', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.intends('a');
    await other.findsNone('a');
    await other.leaves();
    const worker = run.start({ prompts: ['a'] });
    await run.ended(worker);
    expect(worker.told).toEqual(['a succeeded']);
    expect(run.server.sent[0]).toMatchObject({ kind: 'submit', id: 'a' });
  });

  it('sends what others meant to send before what has waited here for longer', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.intends('b');
    await other.leaves();
    const asked: string[] = [];
    const journal = (claims: Claims): Partial<Claims> => ({
      claim: (key) => {
        asked.push(key);
        return claims.claim(key);
      },
    });
    const worker = run.start({ prompts: ['a', 'c', 'b'], concurrent: 1, journal });
    await run.ended(worker);
    // It was the worker's from the look for it to its end.
    expect(asked).toEqual(['id:b', 'id:a', 'id:c']);
    // The look for it held the only slot, which goes to the next as it ends.
    expect(run.server.sentAs('submit')).toBe('a1 b1 c1');
  });

  it.each([
    [4, 'b exhausted'],
    [5, 'b succeeded'],
  ])('counts what was spent before in the budget of the run: of %d credits 3', async (runCredits, told) => {
    const run = await SharedRun.over(redis);
    const paid = { prompt: 'a', credits: 3 };
    const other = await run.another();
    await other.sends(paid);
    await other.ends(paid);
    await other.leaves();
    const worker = run.start({ prompts: [{ prompt: 'b', credits: 2 }], runCredits });
    await run.ended(worker);
    expect(worker.told).toEqual([told]);
  });

  it('keeps what it took over in the budget of the run until it has ended', async () => {
    const run = await SharedRun.over(redis);
    const running = { prompt: 'a', credits: 3, takesMs: 1_000, fails: true };
    const other = await run.another();
    await other.sends(running);
    await other.leaves();
    const worker = run.start({ prompts: [{ prompt: 'b', credits: 2 }], runCredits: 4 });
    await run.ended(worker);
    expect(worker.told).toEqual(['a failed', 'b succeeded']);
    const [a, b] = run.server.tasks;
    expect(b?.createdAtMs).toBeGreaterThanOrEqual(a!.endsAtMs);
  });

  it('gives what it took over the place that its own source has it at', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    await other.leaves();
    const worker = run.start({ prompts: ['x', 'a'] });
    await run.ended(worker);
    expect(placesOf(worker)).toEqual({ x: 0, a: 1 });
  });

  it('gives what it took over that place though its source comes to it only later', async () => {
    const run = await SharedRun.over(redis);
    const running = { prompt: 'b', takesMs: 5_000 };
    const other = await run.another();
    await other.sends('a');
    await other.sends(running);
    await other.leaves();
    const prompts = new Subject<Prompt>();
    const worker = run.start({ prompts, concurrent: 3 });
    // Both are its own by now, and nobody has asked for them.
    await run.passUntil(() => worker.told.length > 0);
    for (const prompt of ['x', 'y', running, 'a']) prompts.next(prompt);
    prompts.complete();
    await run.ended(worker);
    expect(placesOf(worker)).toEqual({ a: 7, x: 0, y: 1, b: 2 });
    expect(worker.events.at(-1)).toMatchObject({ id: 'b', index: 2 });
  });

  it('refuses a prompt that cannot be made, and makes the others', async () => {
    const run = await SharedRun.over(redis);
    const worker = run.start({ prompts: ['a', { prompt: 'b', slots: 5 }, ''] });
    await run.ended(worker);
    expect(worker.told.toSorted()).toEqual([' failed', 'a succeeded', 'b failed']);
    const [refused] = worker.recording.values.filter(({ id }) => id === 'b');
    expect(refused).toMatchObject({ index: 1, attempts: 0, error: { meaning: 'invalid' } });
  });

  it('refuses an id that stood for another prompt', async () => {
    const run = await SharedRun.over(redis);
    const other = await run.another();
    await other.sends('a');
    await other.ends('a');
    await other.leaves();
    const worker = run.start({ prompts: ['c'], externalId: () => 'a' });
    await run.ended(worker);
    expect(worker.told).toEqual(['c failed']);
    expect(worker.recording.values[0]?.error?.message).toContain('"a" stood for another prompt');
    expect(run.server.sentAs('submit')).toBe('a1');
  });
});
