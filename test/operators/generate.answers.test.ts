import { describe, expect, it } from 'vitest';
import type { RemoteTask } from '../../src/tasks/taskApi.js';
import { FakeServer, type Sent } from './fakeServer.js';
import { begin, play } from './generating.js';
import { Machine } from './machine.js';
import { VirtualClock } from './virtualClock.js';

type Answers = (answer: Promise<unknown>) => unknown;

/** A server whose API gives back something else than it is to; whatever it says of an error, it may be tried again. */
function answering(answers: Readonly<Partial<Record<'submit' | 'lookUp' | 'poll', Answers>>>) {
  const clock = new VirtualClock();
  const api = new FakeServer({ clock });
  for (const [call, answer] of Object.entries(answers) as ['submit', Answers][]) {
    const own = api[call].bind(api);
    api[call] = (...asked) => answer(own(...asked)) as never;
  }
  Object.assign(api, { classify: () => ({ meaning: 'transient' }) });
  return { clock, api };
}

const strange: readonly [string, Answers][] = [
  ['nothing', () => undefined],
  ['null', () => Promise.resolve(null)],
  ['a promise of nothing', () => Promise.resolve()],
  ['a text', () => 'created'],
  ['a task that is nowhere to be found', () => Promise.resolve({ status: 'running', outputs: [] })],
  ['a task in no state', () => Promise.resolve({ ref: { product: 'video', id: 't-1' }, outputs: [] })],
];

describe('generate, where an API answers with what is no answer', () => {
  it.each(strange)('looks up what a submit has made, and pays for it once: %s', async (_, answer) => {
    const { server, recording } = await play({ prompts: ['a', 'b'], concurrent: 1, ...answering({ submit: answer }) });
    expect([server.sentAs('submit'), server.sentAs('look-up')]).toEqual(['a1 b1', 'a1 b1']);
    expect(recording.values.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  });

  it('takes a task for one that comes without a promise', async () => {
    const { clock, api } = answering({});
    const ref = { product: 'video', id: 't-1' };
    api.submit = () => ({ ref, status: 'succeeded', outputs: [] }) as never;
    const { recording } = await play({ prompts: ['a'], clock, api });
    expect(recording.values).toMatchObject([{ status: 'succeeded', taskId: 't-1', attempts: 1 }]);
  });

  it('says what a look-up must answer with, and sends nothing again', async () => {
    const lost = answering({ submit: () => Promise.resolve(), lookUp: () => null });
    const { server, recording } = await play({ prompts: ['a'], maxRetries: 2, ...lost });
    expect([server.sentAs('submit'), server.sentAs('look-up')]).toEqual(['a1', 'a1 a2 a3']);
    expect(recording.values).toMatchObject([{ status: 'failed', isFinal: false, error: { meaning: 'ambiguous' } }]);
  });

  it('says what a poll must answer with, and lets the slot go in the end', async () => {
    const { clock, api } = answering({ poll: () => undefined });
    const { recording } = begin({ prompts: ['a', 'b'], concurrent: 1, maxRetries: 2, deadlineMs: 60_000, clock, api });
    await clock.settle();
    const message = 'poll must answer with an array: one entry for each task asked for';
    const error = { meaning: 'invalid', message };
    expect(recording.values).toMatchObject([
      { prompt: 'a', error, isFinal: false },
      { prompt: 'b', error, isFinal: false },
    ]);
    expect(recording.end).toBe('|');
  });
});

describe('generate, where a poll answers with what no journal could hold', () => {
  const ref = { product: 'video', id: 't-1' };
  const ended: readonly [string, unknown, string][] = [
    ['a task that is nowhere to be found', { status: 'succeeded', outputs: [] }, 'invalid'],
    ['no outputs', { ref, status: 'succeeded' }, 'invalid'],
    ['an output that is nowhere to be had', { ref, status: 'succeeded', outputs: [{ type: 'video' }] }, 'invalid'],
    ['a failure without a word', { ref, status: 'failed', outputs: [], message: null }, 'failed'],
  ];

  it.each(ended)('fails that prompt, and makes the others: %s', async (_, answer, meaning) => {
    const machine = new Machine();
    const own = machine.server.poll.bind(machine.server);
    machine.server.poll = async (refs, call) =>
      refs[0]?.id === 't-1' ? [answer as RemoteTask] : await own(refs, call);
    const options = { concurrent: 1, maxRetries: 0, deadlineMs: 60_000 };
    const { recording } = await machine.ended({ prompts: ['a', 'b', 'c'], ...options });
    expect(recording.values).toMatchObject([
      { prompt: 'a', status: 'failed', isFinal: meaning === 'failed', error: { meaning } },
      { prompt: 'b', status: 'succeeded' },
      { prompt: 'c', status: 'succeeded' },
    ]);
    expect(recording.end).toBe('|');
  });

  it('tells a result whose length it does not know, in a later run, too', async () => {
    const machine = new Machine();
    const outputs = [{ type: 'video', url: 'https://files.invalid/a', durationMs: NaN }] as const;
    machine.server.poll = () => Promise.resolve([{ ref, status: 'succeeded', outputs }]);
    const [first, second] = [await machine.ended({ prompts: ['a'] }), await machine.ended({ prompts: ['a'] })];
    expect(first.recording.values).toMatchObject([{ status: 'succeeded', outputs }]);
    const unknown = [{ type: 'video', url: 'https://files.invalid/a' }];
    expect(second.recording.values).toMatchObject([{ isEarlier: true, outputs: unknown }]);
    expect([first.recording.end, second.recording.end]).toEqual(['|', '|']);
  });
});

/** All that the process would end with, were it not for the test, until \`end\` is called. */
function uncaught(): { readonly errors: unknown[]; readonly end: () => void } {
  const errors: unknown[] = [];
  const others = process.listeners('uncaughtException');
  const listener = (error: unknown): void => void errors.push(error);
  process.removeAllListeners('uncaughtException').on('uncaughtException', listener);
  const end = (): void => {
    process.off('uncaughtException', listener);
    for (const other of others) process.on('uncaughtException', other);
  };
  return { errors, end };
}

describe('generate, where the API cannot tell what an error means', () => {
  const bug = new Error('a bug in the classifier');
  const silent: readonly [string, () => never][] = [
    [
      'throws',
      (): never => {
        throw bug;
      },
    ],
    ['says nothing', () => undefined as never],
  ];

  it.each(silent)('looks up what may exist, and asks on for what runs: classify %s', async (name, classify) => {
    const heard = uncaught();
    const clock = new VirtualClock();
    const faults: readonly string[] = ['submit a1', 'poll b1'];
    const faultOf = ({ kind, prompt, nth }: Sent) => (faults.includes(`${kind} ${prompt}${nth}`) ? 'lost' : undefined);
    const api = new FakeServer({ clock, faultOf });
    Object.assign(api, { classify });
    const { recording } = begin({ prompts: ['a', 'b', 'c'], concurrent: 1, deadlineMs: 60_000, clock, api });
    await clock.settle(300_000);
    heard.end();
    expect([api.sentAs('submit'), recording.end, recording.values.map(({ status }) => status)]).toEqual([
      'a1 b1 c1',
      '|',
      ['succeeded', 'succeeded', 'succeeded'],
    ]);
    expect(new Set(heard.errors)).toEqual(new Set(name === 'throws' ? [bug] : []));
  });
});
