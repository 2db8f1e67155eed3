import { describe, expect, it } from 'vitest';
import { Board } from '../../bin/board.js';
import type { GenerateResult } from '../../operators/index.js';
import type { KlingRequest } from '../../src/kling/index.js';
import { eventOf, remote, resultOf } from './events.js';

describe('Board', () => {
  it('follows a task from its first request to its end', () => {
    const board = new Board(2);
    const seen = [
      eventOf({ type: 'queued' }),
      eventOf({ type: 'submitting', atMs: 5 }),
      eventOf({ type: 'refused', refusal: { meaning: 'too-fast' }, error: new Error('x') }),
      eventOf({ type: 'retrying', refusal: { meaning: 'too-fast' }, delayMs: 1 }),
      eventOf({ type: 'submitting', atMs: 9 }),
      eventOf({ type: 'submitted', remote }),
      eventOf({ type: 'processing', remote }),
    ].map((event) => {
      board.tell(event);
      return board.running.map(({ state, taskId, sinceAtMs, mayExist }) => ({ state, taskId, sinceAtMs, mayExist }))[0];
    });
    const taskId = remote.ref.id;
    expect(seen).toEqual([
      undefined,
      { state: 'submitting', taskId: undefined, sinceAtMs: 5, mayExist: true },
      { state: 'refused', taskId: undefined, sinceAtMs: 5, mayExist: false },
      { state: 'refused', taskId: undefined, sinceAtMs: 5, mayExist: false },
      { state: 'submitting', taskId: undefined, sinceAtMs: 5, mayExist: true },
      { state: 'submitted', taskId, sinceAtMs: 5, mayExist: true },
      { state: 'processing', taskId, sinceAtMs: 5, mayExist: true },
    ]);
    expect(board.waiting).toBe(1);
    board.tell(eventOf({ type: 'ended', result: resultOf({ status: 'succeeded' }) }));
    expect([board.succeeded, board.failed, board.waiting, board.running]).toEqual([1, 0, 1, []]);
  });

  it('takes a lost answer for a task that may exist', () => {
    const board = new Board(1);
    board.tell(eventOf({ type: 'submitting' }));
    board.tell(eventOf({ type: 'refused', refusal: { meaning: 'ambiguous' }, error: new Error('x') }));
    expect(board.running).toMatchObject([{ state: 'refused', mayExist: true }]);
    board.tell(eventOf({ type: 'looking-up' }));
    board.tell(eventOf({ type: 'refused', refusal: { meaning: 'transient' }, error: new Error('x') }));
    expect(board.running).toMatchObject([{ state: 'looking up', mayExist: true }]);
  });

  it('does not doubt a task because a poll of it was refused', () => {
    const board = new Board(1);
    board.tell(eventOf({ type: 'submitting' }));
    board.tell(eventOf({ type: 'submitted', remote }));
    board.tell(eventOf({ type: 'refused', refusal: { meaning: 'too-fast' }, error: new Error('x') }));
    expect(board.running).toMatchObject([{ state: 'submitted', mayExist: true, taskId: remote.ref.id }]);
  });

  it('knows what may be at Kling, though it was given up, until it has ended', () => {
    const board = new Board(4);
    const giveUp = (index: number, why: Pick<GenerateResult<KlingRequest>, 'taskId' | 'error'>): void => {
      const { prompt } = resultOf({ status: 'failed' });
      const id = `ours-${index}`;
      const result = {
        index,
        id,
        prompt,
        status: 'failed',
        isFinal: false,
        outputs: [],
        attempts: 1,
        credits: 0,
      } as const;
      board.tell(eventOf({ type: 'ended', index, id, result: { ...result, endedAtMs: 2_000, ...why } }));
    };
    for (const index of [0, 1, 2, 3]) board.tell(eventOf({ type: 'submitting', index, id: `ours-${index}` }));
    giveUp(0, { taskId: 'theirs-0', error: { meaning: 'overdue', code: 'SLUICE_DEADLINE', message: 'x' } });
    giveUp(1, { error: { meaning: 'ambiguous', code: 'SLUICE_LOOK_UP_FAILED', message: 'x' } });
    // Looked for, and not there.
    giveUp(2, { error: { meaning: 'ambiguous', code: 'SLUICE_KLING', message: 'x' } });
    expect(board.running.map(({ id }) => id)).toEqual(['ours-3']);
    expect(board.existing.map(({ id }) => id)).toEqual(['ours-0', 'ours-1', 'ours-3']);
    board.tell(eventOf({ type: 'ended', id: 'ours-0', result: resultOf({ status: 'succeeded' }) }));
    expect(board.existing.map(({ id }) => id)).toEqual(['ours-1', 'ours-3']);
  });

  it('counts what failed before it was sent, and nothing that comes after an end', () => {
    const board = new Board(1);
    board.tell(eventOf({ type: 'ended', result: resultOf({ status: 'failed' }) }));
    board.tell(eventOf({ type: 'processing', remote }));
    expect([board.succeeded, board.failed, board.waiting, board.running]).toEqual([0, 1, 0, []]);
  });

  it('counts once what was not over and came to its end after all', () => {
    const board = new Board(1);
    board.tell(eventOf({ type: 'submitting' }));
    board.tell(eventOf({ type: 'ended', result: resultOf({ status: 'failed', isFinal: false }) }));
    expect([board.unfinished, board.succeeded, board.waiting]).toEqual([1, 0, 0]);
    board.tell(eventOf({ type: 'ended', result: resultOf({ status: 'succeeded' }) }));
    expect([board.unfinished, board.succeeded, board.waiting]).toEqual([0, 1, 0]);
  });

  it('takes over what an earlier run has sent, and counts what it had ended', () => {
    const board = new Board(4);
    board.tell(eventOf({ type: 'adopted', index: 0, taskId: 'theirs-1', sinceAtMs: 5 }));
    board.tell(eventOf({ type: 'adopted', index: 1, id: 'ours-2', sinceAtMs: 6 }));
    board.tell(eventOf({ type: 'ended', index: 2, result: resultOf({ status: 'failed', isEarlier: true }) }));
    expect(board.running).toEqual([
      { index: 0, id: 'ours-1', taskId: 'theirs-1', state: 'adopted', sinceAtMs: 5, mayExist: true },
      { index: 1, id: 'ours-2', taskId: undefined, state: 'looking up', sinceAtMs: 6, mayExist: true },
    ]);
    expect([board.succeeded, board.failed, board.earlier, board.waiting]).toEqual([0, 1, 1, 1]);
    board.tell(eventOf({ type: 'ended', index: 0, result: resultOf({ status: 'succeeded' }) }));
    expect([board.succeeded, board.failed, board.earlier, board.waiting]).toEqual([1, 1, 1, 1]);
  });

  it('does not count as failed what is not over for good', () => {
    const board = new Board(1);
    board.tell(eventOf({ type: 'ended', result: resultOf({ status: 'failed', isFinal: false }) }));
    expect([board.failed, board.unfinished, board.waiting]).toEqual([0, 1, 0]);
  });
});
