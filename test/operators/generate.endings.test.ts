import { concat, NEVER, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { begin, play } from './generating.js';
import { promises, VirtualClock } from './virtualClock.js';

describe('generate, past its deadline', () => {
  const slow = { prompt: 'slow', takesMs: 5_000 };

  it('says so of the task, which holds its slot while somebody waits for one, and then of its end', async () => {
    const { recording, server } = await play({ prompts: [slow, 'next'], concurrent: 1, deadlineMs: 1_000 });
    expect(recording.timeline.map(([atMs, { status, error }]) => [atMs, status, error?.meaning])).toEqual([
      [1_000, 'failed', 'overdue'],
      [5_000, 'succeeded', undefined],
      [5_100, 'succeeded', undefined],
    ]);
    expect(recording.values.map(({ prompt, isFinal }) => [prompt, isFinal])).toEqual([
      [slow, false],
      [slow, true],
      ['next', true],
    ]);
    expect(recording.values[0]).toMatchObject({ taskId: 't-1', error: { code: 'SLUICE_DEADLINE' } });
    expect(server.tasks.map(({ createdAtMs }) => createdAtMs)).toEqual([0, 5_000]);
    expect(server.greatestRunning).toBe(1);
  });

  it('says what the last poll failed with', async () => {
    const faultOf = ({ kind }: { kind: string }) => (kind === 'poll' ? ('transient' as const) : undefined);
    const { recording } = await play({ prompts: [slow], deadlineMs: 1_000, server: { faultOf } });
    expect(recording.values[0]?.error?.message).toMatch(/^not done within 1000 ms \(the last poll failed: \w+/);
  });

  it('waits no longer than that where nobody does', async () => {
    const { recording, server } = await play({ prompts: [slow], concurrent: 1, deadlineMs: 1_000 });
    expect(recording).toMatchObject({ end: '|', endedAtMs: 1_000 });
    expect(server.sent.at(-1)?.atMs).toBeLessThan(1_000);
  });

  it('lets go of the slot as the last who waited for it goes', async () => {
    const stopping = new AbortController();
    const generating = begin({ prompts: [slow, 'next'], concurrent: 1, deadlineMs: 1_000, stop: stopping.signal });
    generating.clock.schedule(2_005, () => stopping.abort());
    await generating.clock.settle();
    expect(generating.recording).toMatchObject({ end: '|', endedAtMs: 2_010 });
  });

  it('says it once, whatever becomes of the polls after it', async () => {
    const faultOf = ({ kind, atMs }: { kind: string; atMs: number }) =>
      kind === 'poll' && atMs > 1_000 ? ('account' as const) : undefined;
    const options = { concurrent: 1, deadlineMs: 1_000, maxRetries: 0, server: { faultOf } };
    const { recording } = await play({ prompts: [slow, 'next'], ...options });
    expect(recording.values.map(({ prompt, error }) => [prompt, error?.meaning])).toEqual([
      [slow, 'overdue'],
      ['next', 'account'],
    ]);
  });
});

describe('generate, told to stop', () => {
  it('sends nothing new, collects what runs, and completes; what was not sent gets no result', async () => {
    const stopping = new AbortController();
    const generating = begin({ prompts: ['a', 'b', 'c', 'd'], concurrent: 2, stop: stopping.signal });
    generating.clock.schedule(50, () => stopping.abort());
    await generating.clock.settle();
    const { recording, server } = generating;
    expect(server.sentAs('submit')).toBe('a1 b1');
    expect(recording.values.map(({ prompt, status }) => [prompt, status])).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
    ]);
    expect(recording).toMatchObject({ end: '|', endedAtMs: 100 });
  });

  it.each(['transient', 'too-fast', 'no-slot'] as const)('does not wait out a backoff (%s)', async (meaning) => {
    const stopping = new AbortController();
    const server = { faultOf: () => meaning };
    const generating = begin({ prompts: ['a'], server, stop: stopping.signal });
    generating.clock.schedule(500, () => stopping.abort());
    await generating.clock.settle(10_000);
    expect(generating.recording).toMatchObject({ values: [], end: '|', endedAtMs: 500 });
    expect(generating.server.sentAs('submit')).toBe('a1');
  });

  it('sends nothing that still waits for its turn under the rate', async () => {
    const stopping = new AbortController();
    const rate = { limit: 1, intervalMs: 60_000 };
    const generating = begin({ prompts: ['a', 'b'], rate, stop: stopping.signal });
    generating.clock.schedule(500, () => stopping.abort());
    await generating.clock.settle();
    expect(generating.server.sentAs('submit')).toBe('a1');
    expect(generating.recording.values).toMatchObject([{ prompt: 'a', status: 'succeeded' }]);
    expect(generating.recording.end).toBe('|');
  });

  it('lets go of what waits for the credits of what runs, and collects that', async () => {
    const stopping = new AbortController();
    const generating = begin({ prompts: ['a', 'b'], runCredits: 1, stop: stopping.signal });
    generating.clock.schedule(50, () => stopping.abort());
    await generating.clock.settle();
    expect(generating.recording.values.map(({ prompt, status }) => [prompt, status])).toEqual([['a', 'succeeded']]);
    expect(generating.recording).toMatchObject({ end: '|', endedAtMs: 100 });
    expect(generating.events.filter(({ type }) => type === 'retrying')).toHaveLength(1);
  });

  it('does not begin to wait for one either', async () => {
    const stopping = new AbortController();
    const server = { faultOf: () => 'transient' as const, latencyMs: 10 };
    const generating = begin({ prompts: ['a'], server, stop: stopping.signal });
    generating.clock.schedule(5, () => stopping.abort());
    await generating.clock.settle();
    expect(generating.recording).toMatchObject({ values: [], end: '|', endedAtMs: 20 });
  });

  it('still looks for what may exist, and collects it', async () => {
    const stopping = new AbortController();
    const faultOf = ({ kind }: { kind: string }) => (kind === 'submit' ? ('lost' as const) : undefined);
    const generating = begin({ prompts: ['a'], server: { faultOf }, stop: stopping.signal });
    generating.clock.schedule(50, () => stopping.abort());
    await generating.clock.settle();
    expect(generating.server.sentAs('look-up')).toBe('a1');
    expect(generating.recording.values).toMatchObject([{ status: 'succeeded', taskId: 't-1', attempts: 1 }]);
  });

  it.each([
    ['', AbortSignal.abort()],
    [' by a signal of another window', Object.assign(new EventTarget(), { aborted: true }) as AbortSignal],
  ])('sends nothing where it was told before%s', async (_, stop) => {
    const { recording, server } = await play({ prompts: ['a'], stop });
    expect(recording).toMatchObject({ values: [], end: '|' });
    expect(server.sent).toEqual([]);
  });
});

describe('generate, unsubscribed from', () => {
  it.each([0, 1, 3, 5, 50, 105, 1_000])('asks for nothing more from then on (%d ms)', async (atMs) => {
    const clock = new VirtualClock();
    const slots = createLimiter({ limits: [concurrency({ limit: 2, name: 'tasks' })], clock });
    const requests = createLimiter({ limits: [], clock });
    const faultOf = ({ nth }: { nth: number }) => (nth === 2 ? ('transient' as const) : undefined);
    const prompts = ['a', 'b', 'c', 'd', 'e'];
    const generating = begin({ prompts, clock, slots, requests, server: { latencyMs: 2, faultOf } });
    await clock.settle(atMs);
    generating.recording.subscription.unsubscribe();
    const sent = generating.server.sent.length;
    await promises();
    expect(clock.pending).toBe(0);
    await clock.settle();
    expect(generating.server.sent).toHaveLength(sent);
    expect([slots.active, slots.waiting, requests.active, requests.waiting]).toEqual([0, 0, 0, 0]);
  });

  it('gives back the credits of a shared day that it had for what was never sent', async () => {
    const clock = new VirtualClock();
    const quota = dailyQuota({ limit: 10, name: 'credits' });
    const slots = createLimiter({ limits: [concurrency({ limit: 3, name: 'tasks' }), quota], clock });
    const rate = { limit: 1, intervalMs: 60_000 };
    const { recording, server } = begin({ prompts: ['a', 'b', 'c'], clock, slots, rate });
    await clock.settle(50);
    expect([server.sentAs('submit'), slots.snapshot().limits[1]?.used]).toEqual(['a1', 3]);
    recording.subscription.unsubscribe();
    expect(slots.snapshot().limits[1]?.used).toBe(1);
  });

  it('holds no timer where that happens as a poll about several has failed', async () => {
    const generating = begin({
      prompts: ['a', 'b'],
      maxRetries: 0,
      server: { pollBatch: 20, faultOf: ({ kind }) => (kind === 'poll' ? 'account' : undefined) },
      observer: { next: ({ type }) => type === 'ended' && generating.recording.subscription.unsubscribe() },
    });
    await generating.clock.settle(15);
    expect(generating.server.polled).toEqual(['ab']);
    expect(generating.clock.pending).toBe(0);
  });
});

describe('generate, whose source fails', () => {
  it('passes the very error on, at once', async () => {
    const error = new Error('of the source');
    const { recording, clock } = await play({
      prompts: () =>
        concat(
          of('a', 'b'),
          throwError(() => error),
        ),
    });
    expect(recording).toMatchObject({ values: [], end: '#' });
    expect(recording.error).toBe(error);
    expect(clock.pending).toBe(0);
  });
});

describe('generate, whose source does not end', () => {
  it('holds no timer while it has nothing to do', async () => {
    const { recording, clock } = await play({ prompts: () => concat(of('a'), NEVER) });
    expect(recording.values).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });
});
