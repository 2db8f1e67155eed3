import { describe, expect, it } from 'vitest';
import { JournalError, JournalLockedError } from '../../src/errors.js';
import { begin, type Generating } from './generating.js';
import { Machine } from './machine.js';

function told({ recording }: Generating): readonly unknown[] {
  return recording.values.map(({ prompt, status, isEarlier }) => [
    typeof prompt === 'string' ? prompt : prompt.prompt,
    isEarlier === true ? `${status} earlier` : status,
  ]);
}

describe('generate, over a journal', () => {
  it('writes the intent to the disk before the request leaves', async () => {
    const machine = new Machine();
    let sentAtSync = NaN;
    machine.faultOf = ({ kind }) => {
      if (kind === 'append' && machine.disk.operations > 10) sentAtSync = machine.server.sent.length;
      return undefined;
    };
    const life = await machine.ended({ prompts: ['a'] });
    expect(sentAtSync).not.toBeNaN();
    expect(told(life)).toEqual([['a', 'succeeded']]);
    const text = Buffer.from(machine.disk.bytesOf('out/journal.log') ?? []).toString();
    const types = [...text.matchAll(/ \{"type":"(\w+)"/g)].map(([, type]) => type);
    expect(types).toEqual(['journal', 'intent', 'accepted', 'ended']);
  });

  it('sends nothing while the disk has not answered', async () => {
    const machine = new Machine();
    machine.faultOf = ({ kind, path }) => (kind === 'append' && path.endsWith('.log') ? 'kill' : undefined);
    const life = begin({ prompts: ['a'], clock: machine.clock, api: machine.server, journal: machine.journal() });
    await machine.clock.settle();
    expect(machine.server.sent).toEqual([]);
    expect(life.recording.values).toEqual([]);
  });

  it('tells the results of earlier runs again, and makes nothing anew', async () => {
    const machine = new Machine();
    const prompts = ['a', { prompt: 'b', fails: true }];
    await machine.ended({ prompts });
    const requests = machine.server.sent.length;
    const again = await machine.ended({ prompts });
    expect(told(again)).toEqual([
      ['a', 'succeeded earlier'],
      ['b', 'failed earlier'],
    ]);
    expect(again.recording.values).toMatchObject([{ taskId: 't-1', isFinal: true }, { taskId: 't-2' }]);
    expect(machine.server.sent).toHaveLength(requests);
  });

  it('adopts what runs, and counts its slot before anything new is sent', async () => {
    const machine = new Machine({ slots: 1 });
    const prompts = ['a', 'b'];
    await machine.killed(50, { prompts, concurrent: 1 });
    const second = await machine.ended({ prompts, concurrent: 1 });
    expect(told(second)).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
    ]);
    expect(second.events.filter(({ index }) => index === 0).map(({ type }) => type)).toEqual([
      ...['adopted', 'processing', 'ended'],
    ]);
    expect(machine.server.sentAs('submit')).toBe('a1 b1');
    expect(machine.server.tasks.map(({ createdAtMs }) => createdAtMs)).toEqual([0, 100]);
  });

  it('adopts more than there are slots now, and sends nothing before they have ended', async () => {
    const machine = new Machine({ slots: 3 });
    const prompts = ['a', 'b', 'c', 'd'];
    await machine.killed(50, { prompts, concurrent: 3 });
    await machine.ended({ prompts, concurrent: 1 });
    expect(machine.server.sentAs('submit')).toBe('a1 b1 c1 d1');
    expect(machine.server.tasks.at(-1)?.createdAtMs).toBeGreaterThanOrEqual(100);
  });

  it('looks up what may have been sent, and adopts it', async () => {
    const machine = new Machine({ latencyMs: 10 });
    // Killed while the answer is on its way.
    await machine.killed(15, { prompts: ['a'] });
    const second = await machine.ended({ prompts: ['a'] });
    expect(machine.server.sentAs('submit')).toBe('a1');
    expect(machine.server.sentAs('look-up')).toBe('a1');
    expect(told(second)).toEqual([['a', 'succeeded']]);
  });

  it('sends what was never there, under the id that it had', async () => {
    const faultOf = ({ nth, kind }: { nth: number; kind: string }) =>
      kind === 'submit' && nth === 1 ? ('transient' as const) : undefined;
    const machine = new Machine({ latencyMs: 10, faultOf });
    await machine.killed(5, { prompts: ['a'] });
    await machine.ended({ prompts: ['a'] });
    const ids = machine.server.sent.filter(({ kind }) => kind !== 'poll').map(({ kind, id }) => [kind, id]);
    expect(ids.map(([kind]) => kind)).toEqual(['submit', 'look-up', 'submit']);
    expect(new Set(ids.map(([, id]) => id)).size).toBe(1);
  });

  it('does not send what it meant to send where nobody asks for it any more', async () => {
    const machine = new Machine({ latencyMs: 10 });
    await machine.killed(5, { prompts: ['a', 'b'] });
    const second = await machine.ended({ prompts: ['b'] });
    expect(told(second)).toEqual([['b', 'succeeded']]);
    expect(machine.server.tasks.map(({ order }) => order.prompt)).toEqual(['b']);
  });

  it('takes lines that were added, anywhere, for new ones, and equal ones for as many', async () => {
    const machine = new Machine();
    await machine.ended({ prompts: ['a', 'b', 'a'] });
    const second = await machine.ended({ prompts: ['c', 'a', 'b', 'a', 'a'] });
    expect(told(second).toSorted()).toEqual(
      [
        ['a', 'succeeded earlier'],
        ['a', 'succeeded earlier'],
        ['a', 'succeeded'],
        ['b', 'succeeded earlier'],
        ['c', 'succeeded'],
      ].toSorted(),
    );
    expect(second.recording.values.map(({ index }) => index).toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect(machine.server.tasks).toHaveLength(5);
  });

  it('collects what runs though its prompt is no longer in the source', async () => {
    const machine = new Machine();
    await machine.killed(50, { prompts: ['a', 'b'] });
    expect(told(await machine.ended({ prompts: ['b'] })).toSorted()).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
    ]);
  });

  it('knows a prompt by the id that it was given, and refuses another prompt under it', async () => {
    const machine = new Machine();
    const promptId = (): string => 'cat-1';
    const first = await machine.ended({ prompts: ['a'], promptId });
    expect(first.recording.values[0]?.id).toMatch(/^cat-1-[0-9a-f]{23}$/);
    const second = await machine.ended({ prompts: ['b'], promptId });
    expect(second.recording.values).toMatchObject([{ status: 'failed', error: { meaning: 'invalid' } }]);
    expect(second.recording.values[0]?.error?.message).toContain('"cat-1" stood for another prompt');
    expect(told(await machine.ended({ prompts: ['a'], promptId }))).toEqual([['a', 'succeeded earlier']]);
  });

  it('makes failed ones once more where that is asked for, under new ids', async () => {
    const machine = new Machine();
    const prompts = ['a', { prompt: 'b', fails: true }];
    const first = await machine.ended({ prompts });
    const second = await machine.ended({ prompts, retryFailed: true });
    expect(told(second)).toEqual([
      ['a', 'succeeded earlier'],
      ['b', 'failed'],
    ]);
    expect(machine.server.sentAs('submit')).toBe('a1 b1 b2');
    expect(second.recording.values[1]?.id).not.toBe(first.recording.values[1]?.id);
  });

  it('takes no other prompt’s task for theirs, though that has the next number behind the same id', async () => {
    const machine = new Machine();
    const prompts = [{ prompt: 'a', fails: true }, 'b'];
    const externalId = (_: unknown, index: number): string => (index === 0 ? 'shot' : 'shot-1');
    await machine.ended({ prompts, externalId });
    const second = await machine.ended({ prompts, externalId, retryFailed: true });
    expect(told(second)).toEqual([
      ['b', 'succeeded earlier'],
      ['a', 'failed'],
    ]);
    expect(machine.server.duplicates).toBe(0);
  });

  it('takes over an overdue task, with its slot, in a later run', async () => {
    const machine = new Machine({ slots: 1 });
    const prompts = [{ prompt: 'slow', takesMs: 5_000 }];
    const first = await machine.ended({ prompts, concurrent: 1, deadlineMs: 1_000 });
    expect(first.recording.values).toMatchObject([{ isFinal: false, error: { meaning: 'overdue' } }]);
    const second = await machine.ended({ prompts: [...prompts, 'next'], concurrent: 1 });
    expect(told(second)).toEqual([
      ['slow', 'succeeded'],
      ['next', 'succeeded'],
    ]);
    expect(machine.server.tasks.map(({ createdAtMs }) => createdAtMs)).toEqual([0, 5_000]);
  });

  it('sends in a later run what credits, or the account, did not allow in this one', async () => {
    const machine = new Machine({
      faultOf: ({ kind, atMs }) => (kind === 'submit' && atMs < 10 ? 'exhausted' : undefined),
    });
    const first = await machine.ended({ prompts: ['a', 'b'] });
    expect(first.recording.values.map(({ isFinal, error }) => [isFinal, error?.meaning])).toEqual([
      [false, 'exhausted'],
      [false, 'exhausted'],
    ]);
    await machine.clock.settle(10);
    expect(told(await machine.ended({ prompts: ['a', 'b'] }))).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
    ]);
    expect(machine.server.sentAs('look-up')).toBe('');
  });

  it('counts the credits of the day that earlier runs have spent', async () => {
    const machine = new Machine();
    await machine.ended({ prompts: ['a'], dailyCredits: 2 });
    await machine.killed(50, { prompts: ['a', 'b'], dailyCredits: 2 });
    await machine.ended({ prompts: ['a', 'b', 'c'], dailyCredits: 2 });
    const noonToMidnightMs = 12 * 3_600_000;
    expect(machine.server.tasks.at(-1)?.createdAtMs).toBe(noonToMidnightMs);
  });

  it('has one budget for all runs, and says what it cannot pay', async () => {
    const machine = new Machine();
    await machine.ended({ prompts: ['a', 'b'], runCredits: 3 });
    const second = await machine.ended({ prompts: ['a', 'b', 'c', 'd', 'e'], runCredits: 3 });
    expect(second.recording.values.map(({ status, error }) => error?.code ?? status)).toEqual([
      ...['succeeded', 'succeeded', 'succeeded', 'SLUICE_BUDGET_SPENT', 'SLUICE_BUDGET_SPENT'],
    ]);
    expect(machine.server.tasks).toHaveLength(3);
  });
});

describe('generate, whose journal fails', () => {
  it('collects what runs, sends nothing more, and ends with the error', async () => {
    const machine = new Machine();
    const life = begin({
      prompts: ['a', 'b', 'c', 'd'],
      ...{ clock: machine.clock, api: machine.server, journal: machine.journal(), concurrent: 2 },
    });
    await machine.clock.settle(50);
    machine.faultOf = ({ kind }) => (kind === 'append' ? 'ENOSPC' : undefined);
    await machine.clock.settle();
    expect(told(life)).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
    ]);
    expect(life.recording.end).toBe('#');
    expect(life.recording.error).toBeInstanceOf(JournalError);
    expect(machine.server.sentAs('submit')).toBe('a1 b1');

    machine.faultOf = () => undefined;
    machine.disk.kill();
    const second = await machine.ended({ prompts: ['a', 'b', 'c', 'd'] });
    expect(new Set(second.recording.values.map(({ prompt }) => prompt))).toEqual(new Set(['a', 'b', 'c', 'd']));
    expect(second.recording.values.every(({ status }) => status === 'succeeded')).toBe(true);
    expect(machine.server.tasks).toHaveLength(4);
  });

  it('leaves no lock behind where it is left amid the opening', async () => {
    const machine = new Machine();
    const life = begin({ prompts: ['a'], clock: machine.clock, api: machine.server, journal: machine.journal() });
    life.recording.subscription.unsubscribe();
    await machine.clock.settle();
    expect(told(await machine.ended({ prompts: ['a'] }))).toEqual([['a', 'succeeded']]);
  });

  it('does nothing at all where another has the journal', async () => {
    const machine = new Machine();
    begin({ prompts: ['a'], clock: machine.clock, api: machine.server, journal: machine.journal() });
    await machine.clock.settle(50);
    const second = begin({ prompts: ['b'], clock: machine.clock, api: machine.server, journal: machine.journal() });
    await machine.clock.settle(0);
    expect(second.recording.error).toBeInstanceOf(JournalLockedError);
    expect(machine.server.sentAs('submit')).toBe('a1');
  });

  it('leaves the journal to the stream that has it, where that very journal is asked for once more', async () => {
    const machine = new Machine();
    const both = { clock: machine.clock, api: machine.server, journal: machine.journal(), concurrent: 1 };
    const first = begin({ prompts: ['a', 'b', 'c'], ...both });
    await machine.clock.settle(50);
    const second = begin({ prompts: ['a', 'b', 'c'], ...both });
    await machine.clock.settle();
    expect(second.recording.error).toBeInstanceOf(JournalLockedError);
    expect([first.recording.end, machine.server.sentAs('submit')]).toEqual(['|', 'a1 b1 c1']);
  });
});
