import { describe, expect, it } from 'vitest';
import type { Refusal, RefusalMeaning } from '../../src/refusal.js';
import { after, newTask, todo, type Task, type TaskCommand, type TaskEvent } from '../../src/tasks/task.js';
import type { RemoteTask } from '../../src/tasks/taskApi.js';

const remote = (status: RemoteTask['status']): RemoteTask => ({
  ref: { product: 'text2video', id: 'task-1' },
  status,
  outputs: [],
});
const refused = (meaning: RefusalMeaning): TaskEvent => ({ type: 'refused', refusal: { meaning } });
const given: Refusal = { meaning: 'policy' };
const error = new Error('content refused');

const tasks = {
  queued: newTask,
  intended: { phase: 'intended', sends: 0 },
  submitting: { phase: 'submitting', sends: 1 },
  unknown: { phase: 'unknown', sends: 1 },
  running: { phase: 'running', sends: 1, remote: remote('running') },
  overdue: { phase: 'overdue', sends: 1, remote: remote('running') },
  succeeded: { phase: 'ended', sends: 1, remote: remote('succeeded') },
  abandoned: { phase: 'ended', sends: 1, refusal: given, error },
} satisfies Record<string, Task>;
type State = keyof typeof tasks;

const events = {
  written: { type: 'written' },
  sent: { type: 'sent' },
  'seen running': { type: 'seen', remote: remote('running') },
  'seen succeeded': { type: 'seen', remote: remote('succeeded') },
  'seen failed': { type: 'seen', remote: remote('failed') },
  absent: { type: 'absent' },
  'refused, not created': refused('too-fast'),
  'refused, may exist': refused('ambiguous'),
  abandoned: { type: 'abandoned', refusal: given, error },
  deadline: { type: 'deadline' },
} satisfies Record<string, TaskEvent>;
type Event = keyof typeof events;

/** The phase after each event; `.` where nothing changes. */
const columns: Event[] = [
  ...(['written', 'sent', 'seen running', 'seen succeeded', 'seen failed', 'absent'] as const),
  ...(['refused, not created', 'refused, may exist', 'abandoned', 'deadline'] as const),
];
// prettier-ignore
const table: [State, ...string[]][] = [
  //            written     sent          running    succeeded failed   absent      not created  may exist  abandoned  deadline
  ['queued',     'intended', '.',          'running', 'ended',  'ended', '.',        '.',         '.',       'ended',   '.'],
  ['intended',   '.',        'submitting', 'running', 'ended',  'ended', '.',        '.',         '.',       'ended',   '.'],
  ['submitting', '.',        '.',          'running', 'ended',  'ended', 'intended', 'intended',  'unknown', 'ended',   '.'],
  ['unknown',    '.',        '.',          'running', 'ended',  'ended', 'intended', '.',         '.',       'ended',   '.'],
  ['running',    '.',        '.',          'running', 'ended',  'ended', '.',        '.',         '.',       'ended',   'overdue'],
  ['overdue',    '.',        '.',          'overdue', 'ended',  'ended', '.',        '.',         '.',       'ended',   '.'],
  ['succeeded',  '.',        '.',          '.',       '.',      '.',     '.',        '.',         '.',       '.',       '.'],
  ['abandoned',  '.',        '.',          '.',       '.',      '.',     '.',        '.',         '.',       '.',       '.'],
];
const cells = table.flatMap(([state, ...phases]) =>
  columns.map((event, column) => ({ state, event, phase: phases[column] ?? '' })),
);

describe('a task', () => {
  it.each(cells)('$state, after "$event": $phase', ({ state, event, phase }) => {
    const before: Task = tasks[state];
    const then = after(before, events[event]);
    if (phase === '.') expect(then).toBe(before);
    else expect(then.phase).toBe(phase);
  });

  it.each<[State, TaskCommand]>([
    ['queued', 'journal'],
    ['intended', 'send'],
    ['submitting', 'look-up'],
    ['unknown', 'look-up'],
    ['running', 'poll'],
    ['overdue', 'poll'],
    ['succeeded', 'settle'],
    ['abandoned', 'settle'],
  ])('%s: the next thing to do is %s', (state, command) => {
    expect(todo(tasks[state])).toBe(command);
  });

  it('counts how often it was sent, and keeps what was last seen of it', () => {
    const seen = remote('succeeded');
    const life: TaskEvent[] = [
      ...[
        events.written,
        events.sent,
        events['refused, not created'],
        events.sent,
        events['refused, may exist'],
        events.absent,
      ],
      ...[events.sent, events['seen running'], events.deadline],
      { type: 'seen', remote: seen },
    ];
    const task = life.reduce<Task>(after, newTask);
    expect(task).toEqual({ phase: 'ended', sends: 3, remote: seen });
  });

  it('keeps the refusal and the error that ended it', () => {
    expect(after(tasks.submitting, events.abandoned)).toEqual({ phase: 'ended', sends: 1, refusal: given, error });
  });

  it.each<[RefusalMeaning, string]>([
    ['too-fast', 'intended'],
    ['no-slot', 'intended'],
    ['exhausted', 'intended'],
    ['account', 'intended'],
    ['invalid', 'intended'],
    ['policy', 'intended'],
    ['auth-stale', 'intended'],
    ['transient', 'intended'],
    ['ambiguous', 'unknown'],
    ['duplicate', 'unknown'],
  ])('sent and refused as %s is %s', (meaning, phase) => {
    expect(after(tasks.submitting, refused(meaning)).phase).toBe(phase);
  });
});
