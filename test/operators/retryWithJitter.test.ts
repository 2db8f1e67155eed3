import {
  concat,
  concatMap,
  defer,
  NEVER,
  of,
  take,
  throwError,
  timer,
  VirtualTimeScheduler,
  type Observable,
} from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { retryWithJitter, type Retry, type RetryWithJitterOptions } from '../../operators/retryWithJitter.js';
import { OptionsError } from '../../src/errors.js';
import type { Refusal, RefusalMeaning } from '../../src/refusal.js';
import { marbles } from './marbles.js';
import { operatorContract } from './operatorContract.js';
import { record } from './recording.js';
import { VirtualClock } from './virtualClock.js';

/** Passes on one value, and then fails. */
const failing = (source: Observable<string>): Observable<string> =>
  concat(
    source.pipe(take(1)),
    throwError(() => new Error('refused')),
  );

operatorContract('retryWithJitter', {
  make: () => retryWithJitter({ maxRetries: 0 }),
  throwing: {
    classify: (classify) => (source) => failing(source).pipe(retryWithJitter({ classify })),
    wakeOn: (wakeOn) => (source) => failing(source).pipe(retryWithJitter({ wakeOn })),
    onRetry: (onRetry) => (source) => failing(source).pipe(retryWithJitter({ onRetry })),
    random: (random) => (source) => failing(source).pipe(retryWithJitter({ random })),
  },
});

describe('retryWithJitter', () => {
  it(
    'subscribes again after an error, once its wait is over',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const tries = [cold('   -a-#'), cold('         -a-b-|')];
      const first = '         ^--!';
      const second = '        -----------^----!';
      const result = '        -a----------a-b-|';
      let count = 0;
      const source = defer(() => tries[count++] ?? NEVER);
      expectObservable(source.pipe(retryWithJitter({ baseMs: 8, jitter: 'none' }))).toBe(result);
      expectSubscriptions(tries[0]?.subscriptions ?? []).toBe(first);
      expectSubscriptions(tries[1]?.subscriptions ?? []).toBe(second);
    }),
  );

  it(
    'doubles its waits up to the cap, and gives up with the very last error',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('#');
      const tries = ['(^!)', '--(^!)', '------(^!)', '-----------(^!)', '----------------(^!)'];
      const result = '----------------#';
      const options = { maxRetries: 4, baseMs: 2, capMs: 5, jitter: 'none' } as const;
      expectObservable(source.pipe(retryWithJitter(options))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(tries);
    }),
  );

  it(
    'adds up to half of the wait by default',
    marbles(({ cold, expectObservable }) => {
      const source = cold('#');
      expectObservable(source.pipe(retryWithJitter({ maxRetries: 1, baseMs: 6, random: () => 0 }))).toBe('------#');
      expectObservable(source.pipe(retryWithJitter({ maxRetries: 1, baseMs: 6, random: () => 1 }))).toBe('---------#');
    }),
  );

  it(
    'does not try again where that can never help',
    marbles(({ cold, expectObservable }) => {
      for (const meaning of ['exhausted', 'account', 'invalid', 'policy'] as const) {
        expectObservable(cold('--#').pipe(retryWithJitter({ classify: () => meaning }))).toBe('--#');
      }
    }),
  );

  it(
    'never waits less than the server asked for, whatever the cap',
    marbles(({ cold, expectObservable }) => {
      const classify = (): Refusal => ({ meaning: 'too-fast', hintMs: 9 });
      const options = { maxRetries: 1, baseMs: 2, capMs: 4, classify };
      expectObservable(cold('#').pipe(retryWithJitter(options))).toBe('---------#');
    }),
  );

  it(
    'starts from the base that a refusal brings along',
    marbles(({ cold, expectObservable }) => {
      const classify = (): Refusal => ({ meaning: 'transient', baseMs: 7 });
      expectObservable(cold('#').pipe(retryWithJitter({ maxRetries: 1, jitter: 'none', classify }))).toBe('-------#');
    }),
  );

  it(
    'spends no attempt on a missing slot',
    marbles(({ cold, expectObservable }) => {
      const meanings: RefusalMeaning[] = ['no-slot', 'transient', 'no-slot', 'no-slot', 'transient'];
      const classify = (): RefusalMeaning => meanings.shift() ?? 'transient';
      const options = { maxRetries: 1, baseMs: 2, capMs: 2, jitter: 'none', classify } as const;
      expectObservable(cold('#').pipe(retryWithJitter(options))).toBe('--------#');
    }),
  );

  it(
    'ends a wait early as wakeOn emits, and not as it completes',
    marbles(({ cold, expectObservable }) => {
      const options = { maxRetries: 1, baseMs: 9, jitter: 'none' } as const;
      const woken = retryWithJitter({ ...options, wakeOn: () => cold('---x') });
      const left = retryWithJitter({ ...options, wakeOn: () => cold('---|') });
      expectObservable(cold('-#').pipe(woken)).toBe('-----#');
      expectObservable(cold('-#').pipe(left)).toBe('-----------#');
    }),
  );

  it(
    'ends its wait as it is unsubscribed from',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('    -#');
      const unsubscribed = '   ---!';
      const subscribed = '     ^!';
      expectObservable(source.pipe(retryWithJitter({ baseMs: 5 })), unsubscribed).toBe('---');
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    }),
  );

  it('tells of each retry before it waits', () => {
    const clock = new VirtualClock();
    const told: Retry[] = [];
    const error = new Error('refused');
    const options: RetryWithJitterOptions = {
      maxRetries: 2,
      jitter: 'none',
      clock,
      classify: () => 'too-fast',
      onRetry: (retry) => told.push(retry),
    };
    record(throwError(() => error).pipe(retryWithJitter(options)));
    clock.drain();
    expect(told).toEqual([
      { error, refusal: { meaning: 'too-fast' }, retry: 1, delayMs: 1_000 },
      { error, refusal: { meaning: 'too-fast' }, retry: 2, delayMs: 2_000 },
    ]);
  });

  it('gives up with the last error, the very object', () => {
    const clock = new VirtualClock();
    const errors = [new Error('first'), new Error('second'), new Error('third')];
    let tries = 0;
    const recording = record(throwError(() => errors[tries++]).pipe(retryWithJitter({ maxRetries: 2, clock })));
    clock.drain();
    expect(recording.error).toBe(errors[2]);
  });

  it('has a count for each subscription, that no value resets', () => {
    const clock = new VirtualClock();
    let tries = 0;
    const source = defer(() => {
      tries++;
      return concat(
        of('a'),
        throwError(() => new Error('refused')),
      );
    }).pipe(retryWithJitter({ maxRetries: 2, clock }));
    for (const expected of [3, 6]) {
      record(source);
      clock.drain();
      expect(tries).toBe(expected);
    }
  });

  it('waits once for more than a timer can hold', () => {
    vi.useFakeTimers();
    const monthMs = 30 * 86_400_000;
    let tries = 0;
    const source = defer(() => throwError(() => new Error(`${++tries}`)));
    record(source.pipe(retryWithJitter({ maxRetries: 3, baseMs: monthMs, capMs: monthMs, jitter: 'none' })));
    vi.advanceTimersByTime(monthMs - 1);
    expect(tries).toBe(1);
    vi.advanceTimersByTime(1);
    expect(tries).toBe(2);
    vi.advanceTimersByTime(2 * monthMs);
    expect(tries).toBe(4);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('follows a scheduler that it is given', () => {
    const scheduler = new VirtualTimeScheduler();
    const options = { maxRetries: 2, jitter: 'none', scheduler } as const;
    const recording = record(throwError(() => new Error('no')).pipe(retryWithJitter(options)), () => scheduler.now());
    scheduler.flush();
    expect(recording.endedAtMs).toBe(3_000);
  });

  it(
    'lets one item fail and come back within a projection, and repeats no other',
    marbles(({ cold, expectObservable }) => {
      let failures = 1;
      const request = (key: string): Observable<string> =>
        timer(2).pipe(concatMap(() => (key === 'b' && failures-- > 0 ? throwError(() => new Error('no')) : of(key))));
      const source = cold('(abc|)');
      const result = '     --a-------b-(c|)';
      const each = concatMap((key: string) => request(key).pipe(retryWithJitter({ baseMs: 4, jitter: 'none' })));
      expectObservable(source.pipe(each)).toBe(result);
    }),
  );

  it.each<[string, RetryWithJitterOptions]>([
    ['retries below 0', { maxRetries: -1 }],
    ['half a retry', { maxRetries: 0.5 }],
    ['a base below 0', { baseMs: -1 }],
    ['an endless cap', { capMs: Infinity }],
    ['a kind of jitter that there is not', { jitter: 'some' as 'full' }],
    ['a name that is none of its options', { retries: 3 } as RetryWithJitterOptions],
  ])('refuses %s', (_, options) => {
    expect(() => retryWithJitter(options)).toThrow(OptionsError);
  });
});
