import { describe, expect, it } from 'vitest';
import { fold, Folding } from '../../src/journal/fold.js';
import type { JournaledOutcome, JournaledTask, JournalEntry } from '../../src/journal/journal.js';

const id = 'a';
const ref = { product: 'videos', id: 'task-1' };
const common = { id, key: 'x', round: 0, index: 0, prompt: 'fog', credits: 10 };
const intent = { type: 'intent', ...common, atMs: 1 } as const satisfies JournalEntry;
const accepted = { type: 'accepted', id, ref, atMs: 2 } as const satisfies JournalEntry;
const status = { type: 'status', id, atMs: 3 } as const satisfies JournalEntry;
const unsent = { type: 'unsent', id, atMs: 4 } as const satisfies JournalEntry;
const outcome: JournaledOutcome = { status: 'succeeded', outputs: [], attempts: 1, endedAtMs: 5, credits: 8 };
const ended = { type: 'ended', id, outcome, atMs: 5 } as const satisfies JournalEntry;
const failed = { ...ended, outcome: { ...outcome, status: 'failed', credits: 0 } } as const satisfies JournalEntry;
const again = { ...intent, id: 'b', round: 1, atMs: 9 } as const satisfies JournalEntry;

const unknown: JournaledTask = { ...common, intendedAtMs: 1, phase: 'unknown' };
const running: JournaledTask = { ...unknown, phase: 'running', ref, acceptedAtMs: 2 };

describe('fold, by the last entries of a task', () => {
  it.each<[string, readonly JournalEntry[], JournaledTask]>([
    ['an intent: it may exist', [intent], unknown],
    ['accepted: it runs', [intent, accepted], running],
    ['a status: it runs on', [intent, accepted, status], running],
    ['a status of one that nobody knows where to find: it may exist', [intent, unsent, status], unknown],
    ['unsent: it does not exist', [intent, unsent], { ...unknown, phase: 'unsent' }],
    [
      'an intent after that: it may exist now',
      [intent, unsent, { ...intent, atMs: 6 }],
      { ...unknown, intendedAtMs: 6 },
    ],
    ['unsent, of a running one: it runs', [intent, accepted, unsent], running],
    ['an intent, of a running one: it runs', [intent, accepted, { ...intent, atMs: 6 }], running],
    [
      'accepted again, elsewhere: it is found there',
      [intent, accepted, { ...accepted, ref: { ...ref, id: 'task-2' }, atMs: 6 }],
      { ...running, ref: { ...ref, id: 'task-2' } },
    ],
    ['ended: the outcome, and what it cost', [intent, ended], { ...unknown, phase: 'ended', credits: 8, outcome }],
    [
      'ended twice: the first outcome',
      [intent, accepted, ended, failed],
      { ...running, phase: 'ended', credits: 8, outcome },
    ],
    [
      'anything after the end: the end',
      [intent, ended, accepted, status, unsent, intent],
      {
        ...unknown,
        phase: 'ended',
        credits: 8,
        outcome,
      },
    ],
  ])('%s', (_, entries, task) => {
    expect(fold('run', entries)).toEqual({ runId: 'run', tasks: [task], replaced: [] });
  });

  it('an entry of a task that nobody intended: nothing', () => {
    expect(fold('run', [accepted, status, unsent, ended])).toEqual({ runId: 'run', tasks: [], replaced: [] });
  });

  it('a newer round: the newest task, and what the older ones cost', () => {
    const { tasks, replaced } = fold('run', [intent, { ...intent, id: 'other', key: 'y' }, ended, again]);
    expect(tasks.map((task) => [task.key, task.id, task.phase])).toEqual([
      ['x', 'b', 'unknown'],
      ['y', 'other', 'unknown'],
    ]);
    expect(replaced).toEqual([{ credits: 8, intendedAtMs: 1 }]);
  });

  it.each<[string, readonly JournalEntry[], readonly number[]]>([
    ['a failed task cost nothing', [failed], []],
    ['one that was never made cost nothing', [unsent], []],
    ['one of which nothing more is known may have cost what was reserved', [accepted], [10]],
  ])('a newer round: %s', (_, entries, costs) => {
    expect(fold('run', [intent, ...entries, again]).replaced.map(({ credits }) => credits)).toEqual(costs);
  });
});

describe('Folding', () => {
  it('should tell the newest task of a prompt, and whose a task is', () => {
    const folding = new Folding();
    expect([folding.taskOf('x'), folding.keyOf(id)]).toEqual([undefined, undefined]);
    folding.add(intent);
    folding.add(accepted);
    expect([folding.taskOf('x'), folding.keyOf(id)]).toEqual([running, 'x']);
    folding.add(again);
    expect(folding.taskOf('x')).toEqual({ ...unknown, id: 'b', round: 1, intendedAtMs: 9 });
    expect([folding.keyOf(id), folding.keyOf('b')]).toEqual([undefined, 'x']);
  });
});
