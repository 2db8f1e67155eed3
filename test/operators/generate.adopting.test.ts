import { concat, map, of, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { after } from '../../operators/time/after.js';
import { begin, type Generating, type Prompt } from './generating.js';
import type { Sent } from './fakeServer.js';
import { Machine } from './machine.js';

const noonToMidnightMs = 12 * 3_600_000;

function prompts({ recording }: Generating): readonly string[] {
  return recording.values.map(({ prompt }) => (typeof prompt === 'string' ? prompt : (prompt.prompt ?? '')));
}

/** Says of the first submit of each of these that it failed, and nothing was made. */
function neverArrives(...which: readonly string[]) {
  return ({ kind, prompt, nth }: Sent) =>
    kind === 'submit' && nth === 1 && which.includes(prompt) ? ('transient' as const) : undefined;
}

/** Submits of which the answer is lost, though the task is there. */
function loses(...which: readonly string[]) {
  return ({ kind, prompt, nth }: Sent) =>
    kind === 'submit' && nth === 1 && which.includes(prompt) ? ('lost' as const) : undefined;
}

describe('what a later run takes over', () => {
  it('is followed, what is known to run before what may have been sent, and then the stream ends', async () => {
    const machine = new Machine({ faultOf: loses('b') });
    const options = { prompts: ['a', 'b', 'c'].map((prompt) => ({ prompt, takesMs: 1_000 })) };
    await machine.killed(50, { ...options, concurrent: 3 });
    const second = await machine.ended({ ...options, concurrent: 1 });
    expect(prompts(second)).toEqual(['a', 'c', 'b']);
    expect(second.recording.end).toBe('|');
  });

  it('has the slots that it was sent for', async () => {
    const machine = new Machine();
    const double = { prompt: 'double', slots: 2, takesMs: 1_000 };
    await machine.killed(50, { prompts: [double], concurrent: 3 });
    await machine.ended({ prompts: [double, 'b', 'c'], concurrent: 3 });
    expect(machine.server.tasks.map(({ createdAtMs }) => createdAtMs)).toEqual([0, 50, 150]);
  });

  it('is asked for an interval after the server had it', async () => {
    const machine = new Machine({ latencyMs: 10 });
    const options = { prompts: [{ prompt: 'a', takesMs: 5_000 }], pollIntervalMs: 1_000 };
    await machine.killed(600, options);
    await machine.ended(options);
    expect(machine.server.sent.find(({ kind }) => kind === 'poll')?.atMs).toBe(1_020);
  });

  it('keeps its credits set aside where its deadline passes before the first poll', async () => {
    const machine = new Machine();
    const options = { prompts: [{ prompt: 'a', takesMs: 60_000 }], deadlineMs: 500, pollIntervalMs: 1_000 };
    await machine.killed(100, options);
    const { recording } = await machine.ended(options);
    expect(recording.values).toMatchObject([{ isFinal: false, credits: 1, error: { meaning: 'overdue' } }]);
  });

  it('costs the day nothing once more', async () => {
    const machine = new Machine();
    await machine.killed(50, { prompts: ['a'], dailyCredits: 1 });
    const { recording } = await machine.ended({ prompts: ['a', 'b'], dailyCredits: 1 });
    expect(recording.timeline[0]).toMatchObject([100, { prompt: 'a', status: 'succeeded' }]);
    expect(machine.server.tasks[1]?.createdAtMs).toBe(noonToMidnightMs);
  });

  it('and what has been spent, are those of their keys', async () => {
    const machine = new Machine();
    const options = { dailyCreditsPerKey: 1, key: (prompt: Prompt) => typeof prompt === 'string' && prompt.charAt(0) };
    await machine.ended({ ...options, prompts: ['a1'] });
    await machine.killed(50, { ...options, prompts: ['a1', 'b1'] });
    await machine.ended({ ...options, prompts: ['a1', 'b1', 'a2', 'b2', 'c1'] });
    const today = machine.server.tasks.filter(({ createdAtMs }) => createdAtMs < noonToMidnightMs);
    expect(today.map(({ order }) => order.prompt)).toEqual(['a1', 'b1', 'c1']);
  });
});

describe('what may have been sent by an earlier run', () => {
  it('is looked up as soon as it must have arrived', async () => {
    const machine = new Machine({ latencyMs: 10 });
    await machine.clock.settle(500);
    await machine.killed(5, { prompts: ['a'] });
    await machine.clock.settle(300);
    await machine.ended({ prompts: ['a'] });
    expect(machine.server.sent.find(({ kind }) => kind === 'look-up')?.atMs).toBe(805 + 2_000);
  });

  it('is made where there is no such task, beside what is new, and told of as queued', async () => {
    const machine = new Machine({ latencyMs: 10, faultOf: neverArrives('a') });
    await machine.killed(5, { prompts: ['a'] });
    const { recording, events } = await machine.ended({ prompts: ['a', 'b'] });
    expect(recording.values).toMatchObject([
      { prompt: 'b', status: 'succeeded' },
      { prompt: 'a', status: 'succeeded', attempts: 1 },
    ]);
    expect(recording.end).toBe('|');
    expect(events.filter(({ index }) => index === 0).map(({ type }) => type)).toEqual([
      ...['adopted', 'looking-up', 'queued', 'submitting', 'submitted', 'processing', 'ended'],
    ]);
  });

  it('is not looked up once more by a run after it, where there was no such task', async () => {
    const machine = new Machine({ latencyMs: 10, faultOf: neverArrives('a') });
    await machine.killed(5, { prompts: ['a'] });
    await machine.ended({ prompts: [] });
    await machine.ended({ prompts: ['a'] });
    expect(machine.server.sentAs('look-up')).toBe('a1');
    expect(machine.server.sentAs('submit')).toBe('a1 a2');
  });

  it('is made as its prompt comes, where that is after it was found not to exist', async () => {
    const machine = new Machine({ latencyMs: 10, faultOf: neverArrives('a') });
    await machine.killed(5, { prompts: ['a'] });
    const { clock, server } = machine;
    const life = begin({
      clock,
      api: server,
      journal: machine.journal(),
      prompts: () =>
        concat(
          of('b'),
          after(3_000, clock).pipe(
            take(1),
            map(() => 'a'),
          ),
        ),
    });
    await clock.settle();
    expect(prompts(life)).toEqual(['b', 'a']);
  });

  it('fails alone where there is no such task, and a day has fewer credits by now than it costs', async () => {
    const machine = new Machine({ latencyMs: 10, faultOf: neverArrives('a') });
    const dear = { prompt: 'a', credits: 5 };
    await machine.killed(5, { prompts: [dear], dailyCredits: 10 });
    const options = { prompts: [dear, { prompt: 'b', takesMs: 5_000 }], dailyCredits: 2 };
    const { recording } = await machine.ended(options);
    expect(recording.values).toMatchObject([
      { prompt: dear, index: 0, isFinal: true, error: { meaning: 'invalid', code: 'SLUICE_COST_OVER_CAPACITY' } },
      { prompt: { prompt: 'b' }, status: 'succeeded' },
    ]);
    expect(recording.end).toBe('|');
    expect(machine.server.sentAs('submit')).toBe('a1 b1');
  });

  it('may exist for all that is known where no look-up succeeds within the deadline', async () => {
    const machine = new Machine({
      latencyMs: 10,
      faultOf: ({ kind }) => (kind === 'look-up' ? 'transient' : undefined),
    });
    await machine.killed(5, { prompts: ['a'] });
    const { recording } = await machine.ended({ prompts: ['a'], deadlineMs: 5_000 });
    expect(recording.values).toMatchObject([
      { isFinal: false, credits: 1, error: { meaning: 'ambiguous', code: 'SLUICE_LOOK_UP_FAILED' } },
    ]);
    expect(recording.end).toBe('|');
  });

  it('may exist for all that is known where its prompt cannot be read any more, and is not looked up', async () => {
    const machine = new Machine({ latencyMs: 10, faultOf: loses('a') });
    const promptId = (): string => 'x';
    await machine.killed(5, { prompts: ['a'], promptId });
    const parse = machine.server.parse.bind(machine.server);
    machine.server.parse = (input) => parse(input === 'a' ? '' : input);
    const { recording } = await machine.ended({ prompts: ['b'], concurrent: 1 });
    expect(recording.values).toMatchObject([
      { prompt: 'a', isFinal: false, credits: 1, error: { meaning: 'ambiguous', code: 'SLUICE_LOOK_UP_FAILED' } },
      { prompt: 'b', status: 'succeeded' },
    ]);
    expect(recording.timeline[0]?.[0]).toBe(5);
    expect(machine.server.sentAs('look-up')).toBe('');
  });
});

describe('a result of an earlier run', () => {
  it('is told again without what it did not have', async () => {
    const machine = new Machine({ faultOf: () => 'policy' });
    const first = await machine.ended({ prompts: ['a'] });
    const second = await machine.ended({ prompts: ['a'] });
    expect(second.recording.values).toStrictEqual(first.recording.values.map((it) => ({ ...it, isEarlier: true })));
  });

  it('is known by what its prompt asks for, though a journal cannot hold all of that', async () => {
    const machine = new Machine();
    const asked = [{ prompt: 'a', fails: undefined as unknown as boolean }];
    await machine.ended({ prompts: asked });
    const { recording } = await machine.ended({ prompts: asked });
    expect(recording.values).toMatchObject([{ isEarlier: true, status: 'succeeded' }]);
  });

  it('stands though its prompt cannot be read any more', async () => {
    const machine = new Machine();
    const promptId = (): string => 'x';
    await machine.ended({ prompts: ['a'], promptId });
    const parse = machine.server.parse.bind(machine.server);
    machine.server.parse = (input) => parse(input === 'a' ? '' : input);
    const { recording } = await machine.ended({ prompts: ['b'], promptId });
    expect(recording.values).toMatchObject([{ isEarlier: true, status: 'succeeded' }]);
  });

  it('names the task in whose place another prompt was refused, though it was made anew', async () => {
    const machine = new Machine();
    const promptId = (): string => 'x';
    const failing = [{ prompt: 'a', fails: true }];
    await machine.ended({ prompts: failing, promptId });
    const again = await machine.ended({ prompts: failing, promptId, retryFailed: true });
    const { recording } = await machine.ended({ prompts: ['b'], promptId });
    expect(recording.values).toMatchObject([{ id: again.recording.values[0]?.id, error: { meaning: 'invalid' } }]);
  });
});

describe('a journal', () => {
  it('has one intent of a task that is sent again, and none of one that cannot be paid', async () => {
    const machine = new Machine({ faultOf: neverArrives('a') });
    await machine.ended({ prompts: ['a', 'b'], runCredits: 1 });
    const text = Buffer.from(machine.disk.bytesOf('out/journal.log') ?? []).toString();
    const types = [...text.matchAll(/ \{"type":"(\w+)"/g)].map(([, type]) => type);
    expect(types).toEqual(['journal', 'intent', 'accepted', 'ended']);
  });

  it('is not asked to hold what it cannot: that prompt is refused, and the others are made', async () => {
    const machine = new Machine();
    const parse = machine.server.parse.bind(machine.server);
    machine.server.parse = (input) => parse(typeof input === 'object' ? { prompt: 'row' } : input);
    const row = { prompt: 'row', id: 1n };
    const { recording } = await machine.ended({ prompts: ['a', row, 'b'] });
    expect(recording.values.map(({ index, status }) => [index, status]).toSorted()).toEqual([
      [0, 'succeeded'],
      [1, 'failed'],
      [2, 'succeeded'],
    ]);
    const refused = recording.values.find(({ index }) => index === 1);
    expect(refused?.error).toMatchObject({ meaning: 'invalid', code: 'SLUICE_BAD_OPTIONS' });
    expect(refused?.error?.message).toContain('leave out what JSON does not have');
    expect(recording.end).toBe('|');
  });
});
