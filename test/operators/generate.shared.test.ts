import { concat, NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Claim, Journal, JournaledTask } from '../../src/journal/journal.js';
import { begin, play, type GeneratingOptions } from './generating.js';
import { Machine } from './machine.js';

/** A worker among others, who has whatever it asks for unless `claimOf` says otherwise. */
function worker(claimOf: (key: string) => Claim | undefined = () => undefined) {
  const machine = new Machine();
  const listeners = new Set<(task: JournaledTask) => void>();
  const tasks = new Map<string, JournaledTask>();
  const ours = (): Claim => ({
    isOurs: true,
    task: undefined,
    lost: new AbortController().signal,
    confirm: () => Promise.resolve(),
    release: () => undefined,
  });
  const journal: Journal = Object.assign(machine.journal(), {
    claims: {
      taskOf: (key: string) => tasks.get(key),
      claim: (key: string) => Promise.resolve(claimOf(key) ?? ours()),
      on: (listener: (task: JournaledTask) => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  const options = (more: Omit<GeneratingOptions, 'server'>): GeneratingOptions => ({
    clock: machine.clock,
    api: machine.server,
    journal,
    ...more,
  });
  return { machine, listeners, tasks, options };
}

describe('generate, one of several that share a run', () => {
  it('makes what it has claimed, and hears of the others as long as it goes on', async () => {
    const { options, listeners, machine } = worker();
    const generating = begin(options({ prompts: ['a', 'b'], concurrent: 1 }));
    await machine.clock.settle(50);
    expect(listeners.size).toBe(1);
    await machine.clock.settle();
    expect(generating.recording.values.map(({ prompt, status }) => [prompt, status])).toEqual([
      ['a', 'succeeded'],
      ['b', 'succeeded'],
    ]);
    expect([generating.recording.end, listeners.size]).toEqual(['|', 0]);
  });

  it('tells what another has made of a prompt, and makes nothing of it', async () => {
    let isFree: () => void = () => undefined;
    const free = new Promise<void>((resolve) => (isFree = resolve));
    let asked = '';
    const { options, tasks, machine } = worker((key) => {
      asked = key;
      return { isOurs: false, free };
    });
    const generating = begin(options({ prompts: ['a'] }));
    await machine.clock.settle(1_000);
    expect(generating.recording.values).toEqual([]);
    const outcome = { status: 'succeeded', outputs: [], attempts: 1, endedAtMs: 1, credits: 1 } as const;
    const task = { id: 'theirs', key: asked, round: 0, index: 0, prompt: 'a', credits: 1, intendedAtMs: 0 };
    tasks.set(asked, { ...task, phase: 'ended', outcome });
    isFree();
    await machine.clock.settle();
    expect(generating.recording.values).toMatchObject([{ id: 'theirs', status: 'succeeded', isEarlier: true }]);
    expect([generating.recording.end, machine.server.sent]).toEqual(['|', []]);
  });

  it('has one budget with them', async () => {
    const { options, listeners, machine } = worker();
    const generating = begin(options({ prompts: ['a', 'b'], concurrent: 1, runCredits: 10 }));
    await machine.clock.settle(50);
    const task = { id: 'theirs', key: 'c', round: 0, index: 2, prompt: 'c', credits: 9, intendedAtMs: 0 };
    for (const listener of listeners) listener({ ...task, phase: 'ended' });
    await machine.clock.settle();
    expect(generating.recording.values.map(({ status, error }) => error?.code ?? status)).toEqual([
      'succeeded',
      'SLUICE_BUDGET_SPENT',
    ]);
  });

  it('counts what they spend while it asks how many slots there are', async () => {
    const { options, listeners, machine } = worker();
    const slots = new Promise<number>((resolve) => machine.clock.schedule(1_000, () => resolve(3)));
    Object.assign(machine.server, { concurrency: () => slots });
    const generating = begin(options({ prompts: ['a'], concurrent: 'auto', runCredits: 10 }));
    await machine.clock.settle(500);
    const task = { id: 'theirs', key: 'c', round: 0, index: 2, prompt: 'c', credits: 10, intendedAtMs: 0 };
    for (const listener of listeners) listener({ ...task, phase: 'ended' });
    await machine.clock.settle();
    expect(generating.recording.values).toMatchObject([{ error: { code: 'SLUICE_BUDGET_SPENT' } }]);
    expect(listeners.size).toBe(0);
  });

  it('does not wait for the credits of what it has left to others, who may not be there', async () => {
    const keys: string[] = [];
    const { options, tasks, machine } = worker((key) => void keys.push(key));
    const prompts = [{ prompt: 'a', takesMs: 600_000 }, 'b'];
    const { clock, recording } = begin(options({ prompts, runCredits: 1, deadlineMs: 60_000 }));
    await clock.settle(1_000);
    const task = { id: recording.values[0]?.id ?? 'a', round: 0, index: 0, prompt: 'a', credits: 1, intendedAtMs: 0 };
    tasks.set(keys[0] ?? '', { ...task, key: keys[0] ?? '', phase: 'running', ref: { product: 'video', id: 't-1' } });
    await clock.settle(600_000);
    expect(recording.values.map(({ error }) => error?.code)).toEqual(['SLUICE_DEADLINE', 'SLUICE_BUDGET_SPENT']);
    expect(recording.end).toBe('|');
    expect(machine.server.sentAs('submit')).toBe('a1');
  });

  it('ends in order where it is told to stop, though its source goes on', async () => {
    const stopping = new AbortController();
    const { options, machine } = worker();
    machine.clock.schedule(50, () => stopping.abort());
    const source = () => concat(of('a', 'b'), NEVER);
    const { recording } = await play(options({ prompts: source, concurrent: 1, stop: stopping.signal }));
    expect(recording.values).toMatchObject([{ prompt: 'a', status: 'succeeded' }]);
    expect(recording).toMatchObject({ end: '|', endedAtMs: 100 });
  });
});
