import { concat, from, NEVER, of, throwError, VirtualTimeScheduler, type Observable } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { pollUntilDone, type PollContext, type PollUntilDoneOptions } from '../../operators/pollUntilDone.js';
import { DeadlineError, OptionsError, TaskFailedError } from '../../src/errors.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { marbles } from './marbles.js';
import { operatorContract } from './operatorContract.js';
import { record } from './recording.js';
import { VirtualClock } from './virtualClock.js';

type Options = PollUntilDoneOptions<string, string>;

/** Done once it says `done`. */
const basic = { isDone: (status: string) => status === 'done', intervalMs: 5 };
/** Says one status a poll, the last one for ever. */
const saying = (...statuses: string[]): Options['poll'] => {
  return (_, { attempt }) => of(statuses[Math.min(attempt, statuses.length - 1)] ?? '');
};

const atOnce = { poll: (task: string) => of(task), isDone: () => true, intervalMs: 5 };
operatorContract('pollUntilDone', {
  make: () => pollUntilDone(atOnce),
  isSynchronous: false,
  projecting: (poll) => pollUntilDone({ ...atOnce, poll, isDone: (status: string) => status !== '' }),
  throwing: {
    isDone: (isDone) => pollUntilDone({ ...atOnce, isDone }),
    isFailed: (isFailed) => pollUntilDone({ ...atOnce, isFailed }),
    changeKey: (changeKey) => pollUntilDone({ ...basic, poll: () => of('waiting'), changeKey, emit: 'changes' }),
    classify: (classify) => pollUntilDone({ ...atOnce, poll: () => throwError(() => new Error('no')), classify }),
  },
});

describe('pollUntilDone', () => {
  it(
    'polls until the status says that it is done, and emits that one',
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot(' -t----------------|');
      const answer = cold('(s|)');
      const polls = ['     ------(^!)', '-----------(^!)', '----------------(^!)'];
      const result = '     ----------------s-|';
      const options = { intervalMs: 5, poll: () => answer, isDone: () => answer.subscriptions.length === 3 };
      expectObservable(source.pipe(pollUntilDone(options))).toBe(result);
      expectSubscriptions(answer.subscriptions).toBe(polls.map((poll) => poll.trim()));
    }),
  );

  it(
    'polls tasks side by side, each in its own time',
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot('ab|');
      const result = '    -------b-(a|)';
      const poll = (task: string): Observable<string> => cold(task === 'a' ? '----(a|)' : '-(b|)');
      expectObservable(source.pipe(pollUntilDone({ ...basic, poll, isDone: () => true }))).toBe(result);
    }),
  );

  it(
    'waits from the end of a poll to the next, so that polls of a task never overlap',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('--------(w|)');
      const polls = ['     -----^-------!', '------------------^-------!'];
      const unsubscribed = '-----------------------------!';
      expectObservable(of('t').pipe(pollUntilDone({ ...basic, poll: () => answer })), unsubscribed).toBe('');
      expectSubscriptions(answer.subscriptions).toBe(polls.map((poll) => poll.trim()));
    }),
  );

  it(
    'polls first when firstDelayMs says, then at an interval that grows to its ceiling',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('(w|)');
      const polls = ['-(^!)', '---(^!)', '-------(^!)', '------------(^!)', '-----------------(^!)'];
      const unsubscribed = '--------------------!';
      const intervals = { firstDelayMs: 1, intervalMs: 2, growth: 2, maxIntervalMs: 5 };
      const polled = of('t').pipe(pollUntilDone({ ...basic, ...intervals, poll: () => answer }));
      expectObservable(polled, unsubscribed).toBe('');
      expectSubscriptions(answer.subscriptions).toBe(polls);
    }),
  );

  it(
    'emits each status that differs from the one before, where asked to',
    marbles(({ cold, expectObservable }) => {
      const statuses = ['waiting', 'waiting', 'running', 'waiting', 'done'];
      const values = { w: 'waiting', r: 'running', d: 'done' };
      const source = cold('t|');
      const result = '     --w---r-w-(d|)';
      const options = { ...basic, intervalMs: 2, poll: saying(...statuses), emit: 'changes' } as const;
      expectObservable(source.pipe(pollUntilDone(options))).toBe(result, values);
    }),
  );

  it(
    'tells statuses apart by changeKey',
    marbles(({ cold, expectObservable }) => {
      const source = cold('t|');
      const result = '     --w---(d|)';
      const changeKey = (status: string): number => status.length;
      const options = { ...basic, intervalMs: 2, poll: saying('wait', 'rest', 'done!'), changeKey };
      const polled = source.pipe(pollUntilDone({ ...options, isDone: (it) => it === 'done!', emit: 'changes' }));
      expectObservable(polled).toBe(result, { w: 'wait', d: 'done!' });
    }),
  );

  it(
    'takes the first value of a poll, and unsubscribes from the rest',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('-d-e-|');
      const result = '     ------(d|)';
      expectObservable(of('t').pipe(pollUntilDone({ ...basic, poll: () => answer, isDone: () => true }))).toBe(result);
      expectSubscriptions(answer.subscriptions).toBe('-----^!');
    }),
  );

  it(
    'ends with the deadline, at once, and with no poll at its very instant',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('(w|)');
      const result = '     ----------#';
      const options = { ...basic, poll: () => answer, deadlineMs: 10 };
      expectObservable(of('t').pipe(pollUntilDone(options))).toBe(result, undefined, new DeadlineError(10, 'w'));
      expectSubscriptions(answer.subscriptions).toBe('-----(^!)');
    }),
  );

  it(
    'stops a poll in flight at the deadline and as it is unsubscribed from',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const answer = cold('--------(w|)');
      const options = { ...basic, poll: () => answer, deadlineMs: 7 };
      expectObservable(of('t').pipe(pollUntilDone(options))).toBe(
        '-------#',
        undefined,
        new DeadlineError(7, undefined),
      );
      expectObservable(of('t').pipe(pollUntilDone(options)), '    ------!').toBe('------');
      expectSubscriptions(answer.subscriptions).toBe(['-----^-!', '-----^!']);
    }),
  );

  it(
    'takes a permit of its limiter for each poll, until that is answered',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const limiter = createLimiter({
        limits: [concurrency({ limit: 1 }), slidingWindow({ limit: 1, intervalMs: 3 })],
      });
      const answer = cold('--(d|)');
      const source = cold('(ab|)');
      const result = '     -------d----(d|)';
      const polled = source.pipe(pollUntilDone({ ...basic, poll: () => answer, isDone: () => true, limiter }));
      expectObservable(polled).toBe(result);
      expectSubscriptions(answer.subscriptions).toBe(['-----^-!', '----------^-!']);
    }),
  );

  it('tells its poll the task, the number of the poll and a signal', () => {
    const clock = new VirtualClock();
    const contexts: PollContext[] = [];
    const poll = (_: string, context: PollContext): Observable<string> => {
      contexts.push(context);
      return context.attempt < 2 ? of('waiting') : NEVER;
    };
    record(of('t').pipe(pollUntilDone({ ...basic, poll, deadlineMs: 20, clock })));
    clock.advance(19);
    expect(contexts.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
    expect(contexts[2]?.signal.aborted).toBe(false);
    clock.drain();
    expect(contexts[2]?.signal.aborted).toBe(true);
  });

  describe('of a status that means failure', () => {
    it.each([
      { isFailed: (): boolean => true, message: 'the task ended without a result' },
      { isFailed: (status: string): string => `it is ${status}`, message: 'it is broken' },
    ])('errors with "$message"', ({ isFailed, message }) => {
      const clock = new VirtualClock();
      const recording = record(of('t').pipe(pollUntilDone({ ...basic, poll: saying('broken'), isFailed, clock })));
      clock.drain();
      expect(recording.error).toBeInstanceOf(TaskFailedError);
      expect(recording.error).toMatchObject({ message, status: 'broken' });
      expect(clock.pending).toBe(0);
    });

    it('goes on where it does not', () => {
      const clock = new VirtualClock();
      const options = { ...basic, poll: saying('waiting', 'done'), isFailed: () => false, clock };
      const recording = record(of('t').pipe(pollUntilDone(options)));
      clock.drain();
      expect(recording).toMatchObject({ values: ['done'], end: '|' });
    });
  });

  it('starts no poll past the deadline, though the machine slept through it', () => {
    const clock = new VirtualClock();
    const poll = vi.fn(saying('waiting'));
    const recording = record(of('t').pipe(pollUntilDone({ ...basic, poll, clock, deadlineMs: 12 })));
    clock.advance(6);
    clock.sleep(60_000);
    expect(poll).toHaveBeenCalledTimes(1);
    expect(recording.error).toBeInstanceOf(DeadlineError);
  });

  it('ends all polls with the failure of one task, so keep it within a projection', () => {
    const clock = new VirtualClock();
    const source = concat(from(['a', 'b']), NEVER);
    const recording = record(source.pipe(pollUntilDone({ ...basic, poll: saying('no'), isFailed: () => true, clock })));
    clock.drain();
    expect(recording.end).toBe('#');
    expect(clock.pending).toBe(0);
  });

  it('follows a scheduler that it is given', () => {
    const scheduler = new VirtualTimeScheduler();
    const polled = of('t').pipe(pollUntilDone({ ...basic, poll: saying('waiting', 'done'), scheduler }));
    const { timeline } = record(polled, () => scheduler.now());
    scheduler.flush();
    expect(timeline).toEqual([[10, 'done']]);
  });

  it('follows fake timers, with promises to poll', async () => {
    vi.useFakeTimers();
    const startMs = Date.now();
    const poll = (_: string, { attempt }: PollContext): Promise<string> =>
      Promise.resolve(attempt < 2 ? 'waiting' : 'done');
    const { timeline } = record(of('t').pipe(pollUntilDone({ ...basic, poll })), () => Date.now() - startMs);
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    expect(timeline).toEqual([[15, 'done']]);
  });

  it.each<[string, Partial<Options>]>([
    ['an interval of 0', { intervalMs: 0 }],
    ['a first delay below 0', { firstDelayMs: -1 }],
    ['a growth that shrinks', { growth: 0.5 }],
    ['a deadline of 0', { deadlineMs: 0 }],
    ['something else to emit', { emit: 'all' as 'final' }],
    ['no poll', { poll: undefined as unknown as Options['poll'] }],
  ])('refuses %s', (_, options) => {
    expect(() => pollUntilDone({ ...basic, poll: saying('done'), ...options })).toThrow(OptionsError);
  });
});
