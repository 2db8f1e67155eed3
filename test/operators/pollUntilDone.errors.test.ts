import { of, throwError, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { pollUntilDone, type PollContext, type PollUntilDoneOptions } from '../../operators/pollUntilDone.js';
import { DeadlineError } from '../../src/errors.js';
import type { Refusal } from '../../src/refusal.js';
import { record, type Recording } from './recording.js';
import { refusalOf, Refused } from './refused.js';
import { VirtualClock } from './virtualClock.js';

type Options = PollUntilDoneOptions<string, string>;

const basic = { isDone: (status: string) => status === 'done', intervalMs: 5 };

/** Polls that are refused in turn; undefined is an answer. Gives the instants of the polls, and how it ended. */
function play(
  script: readonly (Refusal | undefined)[],
  options: Partial<Options> = {},
): { readonly atMs: readonly number[]; readonly recording: Recording<string> } {
  const clock = new VirtualClock();
  const atMs: number[] = [];
  const poll = (_: string, { attempt }: PollContext): Observable<string> => {
    atMs.push(clock.now());
    const refusal = script[attempt];
    if (refusal !== undefined) return throwError(() => new Refused(refusal));
    return of(attempt < script.length ? 'waiting' : 'done');
  };
  const common = { ...basic, poll, classify: refusalOf, clock, random: () => 0 };
  const recording = record(of('t').pipe(pollUntilDone({ ...common, ...options })));
  clock.drain();
  return { atMs, recording };
}

describe('pollUntilDone, where polls fail', () => {
  it('waits longer after each, and from the start again after an answer', () => {
    const no = { meaning: 'transient' } as const;
    const { atMs, recording } = play([no, no, no, undefined, no]);
    expect(atMs).toEqual([5, 1_005, 3_005, 7_005, 7_010, 8_010]);
    expect(recording).toMatchObject({ values: ['done'], end: '|' });
  });

  it('waits up to half as long again, by chance', () => {
    const poll = (_: string, { attempt }: PollContext): Observable<string> =>
      attempt === 0 ? throwError(() => new Refused({ meaning: 'transient' })) : of('done');
    const endsMs = Array.from({ length: 20 }, () => {
      const clock = new VirtualClock();
      record(of('t').pipe(pollUntilDone({ ...basic, poll, clock })));
      clock.drain();
      return clock.now();
    });
    expect(Math.min(...endsMs)).toBeGreaterThanOrEqual(1_005);
    expect(Math.max(...endsMs)).toBeLessThanOrEqual(1_505);
    expect(new Set(endsMs).size).toBeGreaterThan(1);
  });

  it('waits the interval where that is longer than the backoff', () => {
    const no = { meaning: 'transient' } as const;
    expect(play([no, no], { intervalMs: 1_500 }).atMs).toEqual([1_500, 3_000, 5_000]);
  });

  it('never waits less than the server asked for', () => {
    expect(play([{ meaning: 'too-fast', hintMs: 90_000 }]).atMs).toEqual([5, 90_005]);
  });

  it('ends with a permanent error', () => {
    const { atMs, recording } = play([undefined, { meaning: 'policy' }]);
    expect(atMs).toEqual([5, 10]);
    expect(recording.error).toEqual(new Refused('policy'));
  });

  it.each<[string, Options['poll']]>([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['says nothing', () => []],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('takes a poll that %s for one that failed', async (_, failing) => {
    const clock = new VirtualClock();
    const poll: Options['poll'] = (task, context) => (context.attempt < 3 ? failing(task, context) : of('done'));
    const recording = record(of('t').pipe(pollUntilDone({ ...basic, poll, clock })));
    await clock.settle();
    expect(recording).toMatchObject({ values: ['done'], end: '|' });
  });

  it('goes on until the deadline, and then says what the last one failed with', async () => {
    const clock = new VirtualClock();
    const cause = new Error('no');
    const poll = (): Promise<never> => Promise.reject(cause);
    const recording = record(of('t').pipe(pollUntilDone({ ...basic, poll, clock, deadlineMs: 60_000 })), () =>
      clock.now(),
    );
    await clock.settle();
    expect(recording.error).toEqual(new DeadlineError(60_000, undefined, { cause }));
    expect(String(recording.error)).toContain('not done within 60000 ms (the last poll failed: no); the task itself');
    expect(recording.endedAtMs).toBe(60_000);
  });
});
