import { describe, expect, it } from 'vitest';
import { eventLine } from '../../../bin/progress/eventLine.js';
import { eventOf, remote, resultOf } from '../events.js';

const prompt = `a cat\x1b[2J that ${'yawns '.repeat(30)}`;

describe('eventLine', () => {
  it.each([
    [eventOf({ type: 'queued' }), undefined],
    [eventOf({ type: 'submitting' }), undefined],
    [eventOf({ type: 'processing', remote }), undefined],
    [
      eventOf({ type: 'submitted', remote, index: 6 }),
      '#7 submitted as theirs-1: a cat [2J that yawns yawns yawns yawns yawns yawns yawns ya~',
    ],
    [eventOf({ type: 'looking-up' }), '#1 the answer was lost: looking for it by its id ours-1'],
    [
      eventOf({ type: 'refused', refusal: { meaning: 'too-fast' }, error: new Error('slow\ndown') }),
      '#1 refused (too-fast): slow down',
    ],
    [
      eventOf({ type: 'refused', refusal: { meaning: 'transient', hintMs: 3_600_000 }, error: new Error('down') }),
      '#1 refused (transient, not before 1 h): down',
    ],
    [eventOf({ type: 'retrying', refusal: { meaning: 'too-fast' }, delayMs: 1_432 }), '#1 tries again in 1.4 s'],
    [
      eventOf({
        type: 'ended',
        result: resultOf({ status: 'succeeded', outputs: [{ type: 'video', url: 'https://example.com/1.mp4' }] }),
      }),
      '#1 succeeded after 43.0 s: https://example.com/1.mp4',
    ],
    [
      eventOf({
        type: 'ended',
        result: resultOf({
          status: 'failed',
          error: { meaning: 'failed', code: 'SLUICE_TASK_FAILED', message: 'The task failed' },
        }),
      }),
      '#1 failed after 43.0 s (failed): The task failed',
    ],
    [
      eventOf({
        type: 'ended',
        result: resultOf({
          status: 'failed',
          isFinal: false,
          error: { meaning: 'overdue', code: 'SLUICE_DEADLINE', message: 'not done' },
        }),
      }),
      '#1 not finished after 43.0 s (overdue): not done',
    ],
    [eventOf({ type: 'ended', result: resultOf({ status: 'succeeded', isEarlier: true }) }), undefined],
    [
      eventOf({ type: 'adopted', taskId: 'theirs-1', sinceAtMs: 1 }),
      '#1 taken over from an earlier run as theirs-1: a cat [2J that yawns yawns yawns yawns yawns yawns yawns ya~',
    ],
    [
      eventOf({ type: 'adopted', sinceAtMs: 1 }),
      '#1 may have been sent by an earlier run: looking for it: a cat [2J that yawns yawns yawns yawns yawns yawns yawns ya~',
    ],
    [{ type: 'saved', index: 0, id: 'ours-1', file: 'v/0001-ours-1.mp4' } as const, '#1 saved as v/0001-ours-1.mp4'],
    [
      { type: 'unsaved', index: 0, id: 'ours-1', file: 'a', url: 'http://x/a', message: 'HTTP\n404' } as const,
      '#1 could not be saved from http://x/a: HTTP 404',
    ],
  ])('%j', (event, line) => {
    expect(eventLine(event, prompt)).toBe(line);
  });
});
