import { from, map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { GenerateEvent, GenerateResult, RemoteTask } from '../../../operators/index.js';
import { taskStates } from '../../../operators/sse/index.js';
import { operatorContract } from '../operatorContract.js';
import { marbles } from '../marbles.js';
import { record } from '../recording.js';

const remote: RemoteTask = { ref: { product: 'p', id: 'r' }, status: 'running', outputs: [] };
const unseen: GenerateResult<unknown> = {
  index: 0,
  id: 'a',
  prompt: 'secret',
  status: 'succeeded',
  isFinal: true,
  attempts: 1,
  credits: 10,
  outputs: [{ type: 'video', url: 'u' }],
  endedAtMs: 9,
};
const result: GenerateResult<unknown> = { ...unseen, submittedAtMs: 3 };
const at = (atMs: number) => ({ index: 0, id: 'a', atMs });

operatorContract('taskStates', {
  make: () => (source) =>
    source.pipe(
      map((id): GenerateEvent => ({ ...at(0), id, type: 'queued' })),
      taskStates(),
      map(({ id }) => id),
    ),
});

describe('taskStates', () => {
  it('says at each event all that is known of its task by then', () => {
    const events: GenerateEvent[] = [
      { ...at(1), type: 'queued' },
      { ...at(2), type: 'submitting' },
      { ...at(3), type: 'refused', refusal: { meaning: 'too-fast' }, error: new Error('slow down') },
      { ...at(4), type: 'retrying', refusal: { meaning: 'too-fast' }, delayMs: 10 },
      { ...at(14), type: 'looking-up' },
      { ...at(15), type: 'submitted', remote },
      { ...at(16), type: 'refused', refusal: { meaning: 'transient' }, error: new Error('not now') },
      { ...at(17), type: 'processing', remote },
      { ...at(20), type: 'ended', result },
    ];
    const known = { id: 'a', index: 0, queuedAtMs: 1 };
    const refusal = { code: 'Error', message: 'slow down', meaning: 'too-fast' };
    const { values } = record(from(events).pipe(taskStates()));
    expect(values).toEqual([
      { ...known, phase: 'queued', sinceAtMs: 1, refusals: 0 },
      { ...known, phase: 'submitting', sinceAtMs: 2, refusals: 0 },
      { ...known, phase: 'refused', sinceAtMs: 3, refusals: 1, refusal },
      { ...known, phase: 'retrying', sinceAtMs: 4, refusals: 1, refusal, retryAtMs: 14 },
      { ...known, phase: 'looking-up', sinceAtMs: 14, refusals: 1, refusal },
      { ...known, phase: 'submitted', sinceAtMs: 15, refusals: 1, submittedAtMs: 15 },
      {
        ...known,
        phase: 'refused',
        sinceAtMs: 16,
        refusals: 2,
        submittedAtMs: 15,
        refusal: { code: 'Error', message: 'not now', meaning: 'transient' },
      },
      { ...known, phase: 'processing', sinceAtMs: 17, refusals: 2, submittedAtMs: 15 },
      {
        ...known,
        phase: 'succeeded',
        sinceAtMs: 20,
        refusals: 2,
        submittedAtMs: 3,
        isFinal: true,
        credits: 10,
        outputs: result.outputs,
      },
    ]);
    expect(JSON.parse(JSON.stringify(values))).toStrictEqual(values);
    expect(JSON.stringify(values)).not.toContain('secret');
  });

  it('keeps what is known of a task that has not ended for good, and forgets one that has', () => {
    const failed: GenerateResult<unknown> = {
      ...result,
      status: 'failed',
      isFinal: false,
      outputs: [],
      error: { meaning: 'overdue', code: 'SLUICE_DEADLINE', message: 'late' },
    };
    const events: GenerateEvent[] = [
      { ...at(1), type: 'adopted', taskId: 'r', sinceAtMs: 0 },
      { ...at(2), type: 'ended', result: failed },
      { ...at(3), type: 'ended', result },
      { ...at(4), type: 'queued' },
    ];
    const { values } = record(from(events).pipe(taskStates()));
    expect(values.map(({ phase, queuedAtMs, submittedAtMs }) => [phase, queuedAtMs, submittedAtMs])).toEqual([
      ['adopted', 1, 0],
      ['failed', 1, 3],
      ['succeeded', 1, 3],
      ['queued', 4, undefined],
    ]);
    expect(values[1]).toMatchObject({ isFinal: false, error: failed.error });
  });

  it('says since when the server has a task only where it is known to have it, and says that to the end', () => {
    const lives: readonly (readonly GenerateEvent[])[] = [
      [
        { ...at(1), type: 'adopted', sinceAtMs: 0 },
        { ...at(2), type: 'ended', result: unseen },
      ],
      [
        { ...at(1), type: 'adopted', taskId: 'r', sinceAtMs: 0 },
        { ...at(2), type: 'ended', result: unseen },
      ],
    ];
    const states = lives.map((events) => record(from(events).pipe(taskStates())).values);
    expect(JSON.parse(JSON.stringify(states))).toStrictEqual(states);
    expect(states.map((life) => life.map(({ submittedAtMs }) => submittedAtMs))).toEqual([
      [undefined, undefined],
      [0, 0],
    ]);
  });

  it(
    'tells tasks apart, each as it goes on',
    marbles(({ cold, expectObservable }) => {
      const event = (id: string, type: 'queued' | 'submitting'): GenerateEvent => ({ ...at(0), id, type });
      const values = { a: event('a', 'queued'), b: event('b', 'queued'), c: event('a', 'submitting') };
      const states = cold('a-b--c|', values).pipe(
        taskStates(),
        map(({ id, phase }) => `${id} ${phase}`),
      );
      expectObservable(states).toBe('x-y--z|', { x: 'a queued', y: 'b queued', z: 'a submitting' });
    }),
  );
});
