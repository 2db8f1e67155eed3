import { getEventListeners } from 'node:events';
import { concat, NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { generate } from '../../operators/generate.js';
import type { GenerateOptions } from '../../operators/generating/generateOptions.js';
import { JournalError } from '../../src/errors.js';
import { ClaimLostError } from '../../src/journal/claimLostError.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { FakeServer, type Fault, type Sent } from './fakeServer.js';
import { begin, play, type Prompt } from './generating.js';
import { Machine } from './machine.js';
import { record } from './recording.js';
import { VirtualClock } from './virtualClock.js';

/** Faults by the kind of the request, the prompt and its number: `{ 'submit a1': 'too-fast' }`. */
function script(faults: Readonly<Record<string, Fault>>): { readonly faultOf: (sent: Sent) => Fault } {
  return { faultOf: ({ kind, prompt, nth }) => faults[`${kind} ${prompt}${nth}`] ?? faults[`${kind} ${prompt}*`] };
}

describe('the slots of generate, where their number is learnt', () => {
  /** Slots that begin as two, and may become many. */
  function learning() {
    const clock = new VirtualClock();
    const limits = [adaptiveConcurrency({ max: 10, initial: 2, name: 'tasks' })];
    return { clock, slots: createLimiter({ limits, clock }) };
  }
  const long = (...prompts: string[]) => prompts.map((prompt) => ({ prompt, takesMs: 100_000 }));

  it('may become more as soon as one that was refused has got its own', async () => {
    const options = { ...learning(), prompts: long('a', 'b', 'c'), pollIntervalMs: 1_000 };
    const { server } = await play({ ...options, server: script({ 'submit b1': 'no-slot' }) });
    expect(server.sentAs('submit')).toBe('a1 b1 b2 c1');
    expect(server.tasks[2]?.createdAtMs).toBeLessThan(30_000);
  });

  it('become no fewer by a refusal that is about something else', async () => {
    const { clock, slots } = learning();
    const generating = begin({ clock, slots, prompts: long('a', 'b'), server: script({ 'submit a1': 'transient' }) });
    await clock.settle(500);
    expect(slots.snapshot().limits[0]?.capacity).toBe(2);
    generating.recording.subscription.unsubscribe();
  });

  it('are asked for nobody where a limiter of them is given, and cost no request where the API cannot tell', async () => {
    let asked = 0;
    const { clock, slots } = learning();
    const api = Object.assign(new FakeServer({ clock }), { concurrency: () => Promise.resolve(++asked) });
    await play({ clock, slots, api, prompts: ['a'], concurrent: 'auto' });
    expect(asked).toBe(0);
    const rate = { limit: 1, intervalMs: 100 };
    const { server } = await play({ prompts: ['a'], concurrent: 'auto', rate });
    expect(server.sent[0]?.atMs).toBe(0);
  });

  it('are not asked for where they are known', async () => {
    const machine = new Machine();
    let asked = 0;
    Object.assign(machine.server, { concurrency: () => Promise.resolve(++asked) });
    await machine.ended({ prompts: ['a'], concurrent: 2 });
    expect(asked).toBe(0);
  });

  it('are no longer waited for by who has left', () => {
    const clock = new VirtualClock();
    const api = Object.assign(new FakeServer({ clock }), { concurrency: () => new Promise<number>(() => undefined) });
    const { recording } = begin({ clock, api, prompts: ['a'], concurrent: 'auto' });
    recording.subscription.unsubscribe();
    expect(recording.subscription.closed).toBe(true);
  });
});

describe('the credits of generate', () => {
  it('are waited for where one that runs may give some back, and spend no attempt', async () => {
    const prompts = [{ prompt: 'a', takesMs: 10_000, fails: true }, 'b'];
    const { recording, server, events } = await play({ prompts, runCredits: 1, maxRetries: 0 });
    expect(server.tasks.map(({ createdAtMs }) => createdAtMs)).toEqual([0, 10_000]);
    expect(recording.values).toMatchObject([{ status: 'failed' }, { status: 'succeeded', attempts: 1 }]);
    const [retrying] = events.filter(({ type }) => type === 'retrying');
    expect(retrying).toMatchObject({ index: 1, refusal: { meaning: 'no-slot' } });
  });

  it('come back where nothing was sent for them, though the prompt be left to a later run', async () => {
    const prompts = ['a', { prompt: 'b', product: 'another' }];
    const faultOf = ({ prompt }: Sent) => (prompt === 'a' ? ('exhausted' as const) : undefined);
    const { recording } = await play({ prompts, runCredits: 1, concurrent: 1, server: { faultOf } });
    expect(recording.values).toMatchObject([
      { isFinal: false, credits: 0, error: { meaning: 'exhausted' } },
      { prompt: prompts[1], status: 'succeeded' },
    ]);
  });

  it('that are spent are said to be so at once, with what is left', async () => {
    const prompts = ['a', { prompt: 'b', credits: 5 }];
    const { recording, server } = await play({ prompts, runCredits: 4, concurrent: 1 });
    expect(recording.values[1]).toMatchObject({
      attempts: 0,
      isFinal: false,
      credits: 0,
      error: {
        meaning: 'exhausted',
        code: 'SLUICE_BUDGET_SPENT',
        message: 'a cost of 5 is more than the 3 that are left of "runCredits": raise it to go on',
      },
    });
    expect(server.sentAs('submit')).toBe('a1');
  });

  it('are waited for no longer than what has them is followed', async () => {
    const prompts = [{ prompt: 'a', takesMs: 600_000 }, 'b', 'c'];
    const { clock, recording, server } = begin({ prompts, runCredits: 1, deadlineMs: 60_000 });
    await clock.settle(600_000);
    expect(recording.values.map(({ error }) => error?.code)).toEqual([
      ...['SLUICE_DEADLINE', 'SLUICE_BUDGET_SPENT', 'SLUICE_BUDGET_SPENT'],
    ]);
    expect(recording).toMatchObject({ end: '|', endedAtMs: 60_000 });
    expect(server.sentAs('submit')).toBe('a1');
  });

  it.each([NaN, -1, Infinity])(
    'are refused where an estimate is none (%d), and no budget is passed by it',
    async (credits) => {
      const prompts = ['a', { prompt: 'b', credits }, 'c', 'd'];
      const { recording, server } = await play({ prompts, runCredits: 2, concurrent: 4 });
      expect(recording.values.find(({ index }) => index === 1)?.error).toEqual({
        meaning: 'invalid',
        code: 'SLUICE_BAD_OPTIONS',
        message: expect.stringContaining(`must be a finite number of at least 0 (got ${credits})`) as string,
      });
      expect(server.sentAs('submit')).toBe('a1 c1');
    },
  );

  it.each([NaN, -1, Infinity])('are those of the estimate where the server says what is none (%d)', async (credits) => {
    const clock = new VirtualClock();
    const api = new FakeServer({ clock });
    const submit = api.submit.bind(api);
    api.submit = async (...sent) => ({ ...(await submit(...sent)), status: 'succeeded', credits });
    const { recording } = await play({ clock, api, prompts: ['a', 'b', 'c'], runCredits: 2, dailyCredits: 10 });
    expect(recording.values.map((result) => result.error?.code ?? result.credits)).toEqual([
      ...[1, 1, 'SLUICE_BUDGET_SPENT'],
    ]);
    expect(recording.end).toBe('|');
  });

  it('are given back by a task that the server has lost', async () => {
    const faultOf = ({ kind, prompt }: Sent): Fault => (kind === 'poll' && prompt === 'a' ? 'unknown' : undefined);
    const options = { prompts: ['a', 'b'], concurrent: 1, dailyCredits: 1, maxRetries: 0, deadlineMs: 1_000 };
    const { recording, server } = await play({ ...options, server: { faultOf } });
    expect(recording.values).toMatchObject([
      { isFinal: true, credits: 0, error: { code: 'SLUICE_TASK_LOST' } },
      { status: 'succeeded', credits: 1 },
    ]);
    expect(server.tasks[1]?.createdAtMs).toBeLessThan(12 * 3_600_000);
  });

  it('are given back by what was not sent before everything stopped', async () => {
    const clock = new VirtualClock();
    const slots = createLimiter({ limits: [dailyQuota({ limit: 5, timeZone: 'UTC', name: 'credits' })], clock });
    const stopping = new AbortController();
    const server = { faultOf: () => 'transient' as const };
    const { recording } = begin({ prompts: ['a'], clock, slots, server, stop: stopping.signal });
    await clock.settle(500);
    expect(slots.snapshot().limits[0]?.used).toBe(1);
    stopping.abort();
    await clock.settle();
    expect(recording).toMatchObject({ values: [], end: '|' });
    expect(slots.snapshot().limits[0]?.used).toBe(0);
  });
});

describe('generate', () => {
  it('sends at once, while it is subscribed to, where there is no journal', () => {
    const { server, recording } = begin({ prompts: ['a', 'b'] });
    expect(server.sentAs('submit')).toBe('a1 b1');
    recording.subscription.unsubscribe();
  });

  it('tries again what may help after the backoff, though a slot comes free before', async () => {
    const { server } = await play({ prompts: ['a', 'b'], server: script({ 'submit a1': 'transient' }) });
    expect(
      server.sent.filter(({ kind, prompt }) => kind === 'submit' && prompt === 'a').map(({ atMs }) => atMs),
    ).toEqual([0, 1_000]);
  });

  it.each([
    ['a slot, and takes no permit of the rate for that', { concurrent: 1, endedAtMs: 0 }],
    ['a permit of the rate', { concurrent: 2, endedAtMs: 1_000 }],
  ])('sends nothing of a closed account that waited for %s, and says why', async (_, { concurrent, endedAtMs }) => {
    const rate = { limit: 1, intervalMs: 1_000 };
    const server = script({ 'submit a1': 'account' });
    const { recording, server: books } = await play({ prompts: ['a', 'b'], concurrent, rate, server });
    expect(books.sentAs('submit')).toBe('a1');
    const error = { meaning: 'account', code: 'Error', message: 'account' };
    expect(recording.values).toMatchObject([{ error }, { error, attempts: 0 }]);
    expect(recording.endedAtMs).toBe(endedAtMs);
  });

  it('gives a result of its own words for a task that failed without a reason', async () => {
    const clock = new VirtualClock();
    const api = new FakeServer({ clock });
    api.submit = () => Promise.resolve({ ref: { product: 'video', id: 't-1' }, status: 'failed', outputs: [] });
    const { recording } = await play({ clock, api, prompts: ['a'] });
    expect(recording.values).toMatchObject([
      { taskId: 't-1', error: { meaning: 'failed', message: 'the task failed' } },
    ]);
  });

  it('listens no longer to a signal of somebody else once it has ended', async () => {
    const stopping = new AbortController();
    await play({ prompts: ['a'], stop: stopping.signal });
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);
  });

  it('polls each 10 s, and with updates each 30 s, unless it is told otherwise', async () => {
    const atMs = async (options: GenerateOptions<Prompt>) => {
      const clock = new VirtualClock();
      const server = new FakeServer({ clock });
      record(of<Prompt>({ prompt: 'a', takesMs: 40_000 }).pipe(generate(server, { ...options, clock })));
      await clock.settle();
      return server.sent.filter(({ kind }) => kind === 'poll').map((it) => it.atMs);
    };
    expect(await atMs({})).toEqual([10_000, 20_000, 30_000, 40_000]);
    expect(await atMs({ updates: { on: () => () => undefined } })).toEqual([30_000, 60_000]);
  });
});

describe('a journal that refuses', () => {
  it('all that is written ends the stream, though its source goes on', async () => {
    const machine = new Machine();
    const journal = machine.journal();
    const { clock, server: api } = machine;
    const { recording } = begin({ clock, api, journal, prompts: () => concat(of('a', 'b'), NEVER), concurrent: 1 });
    await clock.settle(50);
    machine.faultOf = ({ kind }) => (kind === 'append' ? 'ENOSPC' : undefined);
    await clock.settle();
    expect(recording.values).toMatchObject([{ prompt: 'a', status: 'succeeded' }]);
    expect(recording.error).toBeInstanceOf(JournalError);
  });

  it('one prompt since another worker has it makes nothing of that one, and goes on with the others at once', async () => {
    const machine = new Machine();
    const journal = machine.journal();
    const write = journal.write.bind(journal);
    journal.write = (entry) =>
      entry.type === 'intent' && entry.prompt === 'a' ? Promise.reject(new ClaimLostError('a')) : write(entry);
    const { clock, server: api } = machine;
    const { recording } = await play({ clock, api, journal, prompts: ['a', 'b'], concurrent: 1 });
    expect(recording.values).toMatchObject([{ prompt: 'b', status: 'succeeded' }]);
    expect([recording.end, recording.endedAtMs, api.sentAs('submit')]).toEqual(['|', 100, 'b1']);
  });
});
