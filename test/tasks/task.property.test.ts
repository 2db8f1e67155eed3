import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RefusalMeaning } from '../../src/refusal.js';
import { after, newTask, todo, type Task, type TaskEvent } from '../../src/tasks/task.js';
import type { RemoteTask } from '../../src/tasks/taskApi.js';
import { runs } from '../runs.js';

/** What a refusal says of the request that it answers: nothing was created, or something may have been. */
const notCreated: RefusalMeaning[] = [
  ...(['too-fast', 'no-slot', 'exhausted', 'account', 'invalid', 'policy', 'auth-stale', 'transient'] as const),
];
const mayExist: RefusalMeaning[] = ['ambiguous', 'duplicate'];

const meaning = fc.constantFrom(...notCreated, ...mayExist);
const remote = fc.record<RemoteTask>({
  ref: fc.constant({ product: 'text2video', id: 'task-1' }),
  status: fc.constantFrom('running', 'running', 'succeeded', 'failed'),
  outputs: fc.constant([]),
});
const event = fc.oneof<fc.Arbitrary<TaskEvent>[]>(
  fc.constant({ type: 'written' }),
  fc.constant({ type: 'sent' }),
  fc.constant({ type: 'sent' }),
  remote.map((seen) => ({ type: 'seen', remote: seen })),
  fc.constant({ type: 'absent' }),
  meaning.map((each) => ({ type: 'refused', refusal: { meaning: each } })),
  meaning.map((each) => ({ type: 'abandoned', refusal: { meaning: each }, error: new Error(each) })),
  fc.constant({ type: 'deadline' }),
);
const events = fc.array(event, { maxLength: 30 });

describe('a task', () => {
  it('should never be sent where it may exist: only before the first request, or once that is known to have made nothing', () => {
    fc.assert(
      fc.property(events, (all) => {
        let task: Task = newTask;
        /** By the words of the rule alone, without the phases: whether a request left whose fate is not known. */
        let mayHaveBeenCreated = false;
        for (const each of all) {
          const answersLastRequest = task.phase === 'submitting';
          const leaves = each.type === 'sent' && todo(task) === 'send';
          task = after(task, each);
          if (leaves || each.type === 'seen') mayHaveBeenCreated = true;
          if (each.type === 'absent') mayHaveBeenCreated = false;
          if (each.type === 'refused' && answersLastRequest && notCreated.includes(each.refusal.meaning)) {
            mayHaveBeenCreated = false;
          }
          if (todo(task) === 'send') expect(mayHaveBeenCreated).toBe(false);
        }
      }),
      runs(2_000),
    );
  });

  it('should never be sent before it is written down', () => {
    fc.assert(
      fc.property(events, (all) => {
        let task: Task = newTask;
        let isWritten = false;
        for (const each of all) {
          isWritten ||= each.type === 'written' || each.type === 'seen';
          task = after(task, each);
          if (todo(task) === 'send' || task.phase === 'submitting') expect(isWritten).toBe(true);
        }
      }),
      runs(2_000),
    );
  });

  it('should never come back from its end, nor change there', () => {
    fc.assert(
      fc.property(events, events, (life, afterlife) => {
        const ended = after(life.reduce<Task>(after, newTask), {
          type: 'abandoned',
          refusal: { meaning: 'account' },
          error: undefined,
        });
        expect(ended.phase).toBe('ended');
        expect(afterlife.reduce<Task>(after, ended)).toBe(ended);
        expect(todo(ended)).toBe('settle');
      }),
    );
  });

  it('should always count exactly the requests that it was told to send and that left', () => {
    fc.assert(
      fc.property(events, (all) => {
        let task: Task = newTask;
        let sends = 0;
        for (const each of all) {
          if (each.type === 'sent' && todo(task) === 'send') sends += 1;
          task = after(task, each);
          expect(task.sends).toBe(sends);
        }
      }),
    );
  });
});
