import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { FakeServer } from './fakeServer.js';
import { begin, play } from './generating.js';
import { Machine } from './machine.js';
import { VirtualClock } from './virtualClock.js';

const video = (id: string) => [{ type: 'video', url: `https://files.invalid/${id}` }];
const failure = { meaning: 'failed', code: 'SLUICE_TASK_FAILED', message: 'it did not work out' };

describe('a result of generate', () => {
  it('says all of what became of it, and nothing else', async () => {
    const prompts = [
      { prompt: 'a', credits: 7 },
      { prompt: 'b', credits: 5, fails: true },
    ];
    const clock = new VirtualClock();
    const startsAtMs = clock.epochNow();
    const { recording } = await play({ prompts, clock, externalId: (_, index) => `mine-${index}` });
    const common = { isFinal: true, attempts: 1, submittedAtMs: startsAtMs, endedAtMs: startsAtMs + 100 };
    const [one, other] = prompts;
    expect(recording.values).toStrictEqual([
      {
        index: 0,
        id: 'mine-0',
        prompt: one,
        status: 'succeeded',
        taskId: 't-1',
        outputs: video('t-1'),
        credits: 7,
        ...common,
      },
      {
        index: 1,
        id: 'mine-1',
        prompt: other,
        status: 'failed',
        taskId: 't-2',
        outputs: [],
        error: failure,
        credits: 0,
        ...common,
      },
    ]);
  });

  it.each([
    ['invalid', true],
    ['policy', true],
    ['exhausted', false],
    ['transient', false],
  ] as const)('of a prompt refused as %s costs nothing, and is final: %s', async (meaning, isFinal) => {
    const { recording } = await play({ prompts: ['a'], maxRetries: 0, server: { faultOf: () => meaning } });
    expect(recording.values).toMatchObject([{ isFinal, credits: 0, attempts: 1, outputs: [], error: { meaning } }]);
    expect(Object.keys(recording.values[0] ?? {})).not.toContain('taskId');
    expect(Object.keys(recording.values[0] ?? {})).not.toContain('submittedAtMs');
  });

  it('is told of with how long the server took, as far as that says so', async () => {
    const { server, clock, events } = begin({ prompts: ['a'], pollIntervalMs: 1_000 });
    const poll = server.poll.bind(server);
    server.poll = async (refs, options) =>
      (await poll(refs, options)).map((answer) => Object.assign(answer, { createdAtMs: 5_000, updatedAtMs: 5_100 }));
    await clock.settle();
    expect(events.at(-1)).toMatchObject({ type: 'ended', durationMs: 100 });
    const { events: untold } = await play({ prompts: ['a'] });
    expect(untold.at(-1)).not.toHaveProperty('durationMs');
  });

  it('whose request may have arrived keeps its credits set aside', async () => {
    const { recording } = await play({ prompts: ['a'], maxRetries: 0, server: { faultOf: () => 'lost' } });
    expect(recording.values).toMatchObject([{ isFinal: false, credits: 1, error: { meaning: 'ambiguous' } }]);
  });

  it('that is overdue keeps its credits set aside, and names the task', async () => {
    const prompts = [{ prompt: 'a', takesMs: 5_000 }];
    const { recording } = await play({ prompts, deadlineMs: 1_000 });
    expect(recording.timeline).toMatchObject([[1_000, { isFinal: false, credits: 1, taskId: 't-1', outputs: [] }]]);
  });

  it.each([
    [new TypeError('broken'), { code: 'TypeError', message: 'broken' }],
    [Object.assign(new Error('with a code'), { code: 1203 }), { code: '1203', message: 'with a code' }],
    ['a text', { code: 'UNKNOWN', message: 'a text' }],
  ])('names an error that was thrown: %s', async (thrown, error) => {
    const clock = new VirtualClock();
    const api = new FakeServer({ clock });
    api.submit = () => Promise.reject(thrown);
    Object.assign(api, { classify: () => ({ meaning: 'invalid' }) });
    const { recording } = await play({ prompts: ['a'], clock, api, maxRetries: 0 });
    expect(recording.values).toMatchObject([{ error }]);
  });

  it('of a prompt that cannot be sent is told at once, after it was queued', async () => {
    const { events, recording, server } = await play({ prompts: [''], promptId: () => 'p' });
    expect(recording.values).toMatchObject([
      {
        status: 'failed',
        isFinal: true,
        attempts: 0,
        credits: 0,
        error: { meaning: 'invalid', code: 'SLUICE_BAD_OPTIONS' },
      },
    ]);
    expect(events.map(({ type }) => type)).toEqual(['queued', 'ended']);
    expect(recording.values[0]?.id).toMatch(/^p-[0-9a-f]{12}$/);
    expect(server.sent).toEqual([]);
  });

  it.each(['not an id', '', 'x'.repeat(41)])(
    'refuses a prompt id that no server would take: "%s"',
    async (promptId) => {
      const { recording, server } = await play({ prompts: ['a'], promptId: () => promptId });
      expect(recording.values).toMatchObject([
        { attempts: 0, error: { meaning: 'invalid', code: 'SLUICE_BAD_OPTIONS' } },
      ]);
      expect(recording.values[0]?.error?.message).toContain(`must be 1 to 40 of A-Z a-z 0-9 _ - (got "${promptId}")`);
      expect(server.sent).toEqual([]);
    },
  );

  it('refuses an external id that stands for another prompt, and sends the first', async () => {
    const { recording, server } = await play({ prompts: ['a', 'b'], externalId: () => 'one' });
    expect(recording.values).toMatchObject([
      {
        index: 1,
        id: 'one',
        error: { meaning: 'invalid', message: 'externalId: "one" stands for another prompt already' },
      },
      { index: 0, id: 'one', status: 'succeeded' },
    ]);
    expect(server.sentAs('submit')).toBe('a1');
  });
});

describe('a later run', () => {
  const prompts = ['a', { prompt: 'b', fails: true, credits: 3 }];

  it('tells what an earlier one has told, and that it is of an earlier one', async () => {
    const machine = new Machine();
    const first = await machine.ended({ prompts });
    await machine.clock.settle(500);
    const second = await machine.ended({ prompts });
    const again = first.recording.values.map((result) => ({ ...result, isEarlier: true }));
    expect(second.recording.values).toEqual(again);
    expect(second.events).toEqual(
      again.map((result) => {
        const { index, id, endedAtMs: atMs } = result;
        return { type: 'ended', result, index, id, atMs };
      }),
    );
  });

  it('says since when it has what it takes over', async () => {
    const machine = new Machine({ latencyMs: 10 });
    const startsAtMs = machine.clock.epochNow();
    const first = await machine.killed(50, { prompts: [{ prompt: 'a', takesMs: 1_000 }] });
    const second = await machine.ended({ prompts: [{ prompt: 'a', takesMs: 1_000 }] });
    const [adopted] = second.events;
    const { id, index } = first.events[0] ?? {};
    const common = { type: 'adopted', id, index, atMs: startsAtMs + 50 };
    expect(adopted).toStrictEqual({ ...common, taskId: 't-1', sinceAtMs: startsAtMs + 20 });
    expect(second.recording.values).toMatchObject([{ taskId: 't-1', submittedAtMs: startsAtMs + 20 }]);
  });

  it('counts what may have been sent since it was meant to be', async () => {
    const machine = new Machine({ latencyMs: 10 });
    const startsAtMs = machine.clock.epochNow();
    await machine.killed(15, { prompts: ['a'] });
    const second = await machine.ended({ prompts: ['a'] });
    const [adopted] = second.events;
    const { id } = second.recording.values[0] ?? {};
    expect(adopted).toStrictEqual({ type: 'adopted', id, index: 0, atMs: startsAtMs + 15, sinceAtMs: startsAtMs });
  });

  it('asks for what it takes over as one that runs since then, and waits a deadline of its own', async () => {
    const machine = new Machine();
    const options = { prompts: [{ prompt: 'a', takesMs: 60_000 }], deadlineMs: 1_500, pollIntervalMs: 1_000 };
    await machine.killed(600, options);
    const second = await machine.ended(options);
    expect(machine.server.sent.find(({ kind }) => kind === 'poll')?.atMs).toBe(1_000);
    expect(second.recording.timeline).toMatchObject([[2_100, { error: { meaning: 'overdue' } }]]);
  });

  it('sends again only once what was on its way must have arrived', async () => {
    const faultOf = ({ kind, nth }: { readonly kind: string; readonly nth: number }) =>
      kind === 'submit' && nth === 1 ? ('transient' as const) : undefined;
    const machine = new Machine({ latencyMs: 10, faultOf });
    await machine.killed(5, { prompts: ['a'] });
    await machine.ended({ prompts: ['a'] });
    const submits = machine.server.sent.filter(({ kind }) => kind === 'submit');
    expect(submits).toHaveLength(2);
    expect(submits[1]?.atMs).toBeGreaterThanOrEqual(2_005);
    expect(submits[1]?.atMs).toBeLessThan(2_100);
  });

  it('takes over one that is greater than the whole account by now, beside which nothing runs', async () => {
    const machine = new Machine();
    const great = { prompt: 'great', slots: 3, takesMs: 1_000 };
    await machine.killed(50, { prompts: [great, 'b'], concurrent: 3 });
    const second = await machine.ended({ prompts: [great, 'b'], concurrent: 2 });
    expect(second.recording.values.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    expect(machine.server.tasks.map(({ createdAtMs }) => createdAtMs >= 1_000)).toEqual([false, true]);
  });

  it('collects what runs though its prompt would not be taken any more', async () => {
    const machine = new Machine();
    const promptId = (): string => 'x';
    await machine.killed(50, { prompts: ['a'], promptId });
    const parse = machine.server.parse.bind(machine.server);
    machine.server.parse = (input) => parse(input === 'a' ? '' : input);
    const second = await machine.ended({ prompts: [], promptId });
    expect(second.recording.values).toMatchObject([{ prompt: 'a', status: 'succeeded', taskId: 't-1' }]);
  });

  it('knows an id by what its prompt asks for, not by how that is written', async () => {
    const machine = new Machine();
    const promptId = (): string => 'x';
    await machine.ended({ prompts: ['a'], promptId });
    const second = await machine.ended({ prompts: [{ takesMs: 100, prompt: 'a' }], promptId });
    expect(second.recording.values).toMatchObject([{ isEarlier: true, status: 'succeeded' }]);
    const third = await machine.ended({ prompts: [{ takesMs: 101, prompt: 'a' }], promptId });
    expect(third.recording.values).toMatchObject([
      {
        id: second.recording.values[0]?.id,
        error: {
          code: 'SLUICE_BAD_OPTIONS',
          message: 'id: "x" stood for another prompt in an earlier run: give this one an id of its own',
        },
      },
    ]);
  });
});

describe('the polls of generate, beside others', () => {
  it('wait for an interval where the queue that they share is full', async () => {
    const clock = new VirtualClock();
    const limits = [slidingWindow({ limit: 1_000, intervalMs: 1_000 }), concurrency({ limit: 1 })];
    const requests = createLimiter({ limits, clock, queue: { maxSize: 1 } });
    const generating = begin({ prompts: ['a'], clock, requests, pollIntervalMs: 100 });
    await clock.settle(50);
    // One that holds the only slot, and one that fills the queue, until 250 ms.
    const others = [0, 1].map(() => requests.run(() => new Promise<void>((resolve) => clock.schedule(100, resolve))));
    await clock.settle();
    await Promise.all(others);
    const polls = generating.server.sent.filter(({ kind }) => kind === 'poll').map(({ atMs }) => atMs);
    expect(polls[0]).toBeGreaterThanOrEqual(200);
    expect(generating.recording.values.map(({ status }) => status)).toEqual(['succeeded']);
  });
});
