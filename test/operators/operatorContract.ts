import {
  concat,
  config,
  defer,
  from,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  throwError,
  type ObservableInput,
  type OperatorFunction,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { marbles } from './marbles.js';
import { record } from './recording.js';

type Operator = OperatorFunction<string, string>;

/** An operator, set up so that each value comes out as itself, sooner or later, and in the order of the source. */
export interface OperatorUnderTest {
  readonly make: () => Operator;
  /** True where three values can come out before the source's `next` returns. @defaultValue true */
  readonly isSynchronous?: boolean;
  /** By a callback's name, the operator with `fail` in its place; it meets one value of an unending source. */
  readonly throwing?: Readonly<Record<string, (fail: () => never) => Operator>>;
  /** The operator with `work` as its projection. */
  readonly projecting?: (work: (value: string) => ObservableInput<string>) => Operator;
}

/** What every operator owes to its neighbours, whatever it does to the values. */
export function operatorContract(name: string, { make, isSynchronous = true, ...more }: OperatorUnderTest): void {
  describe(`${name}, as an operator`, () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => {
      const timersLeft = vi.getTimerCount();
      vi.useRealTimers();
      expect(timersLeft).toBe(0);
    });

    describe('and its source', () => {
      it(
        'says nothing about one that says nothing',
        marbles(({ cold, expectObservable, expectSubscriptions }) => {
          const source = cold('---------');
          const subscribed = '         ^--------';
          expectObservable(source.pipe(make())).toBe('---------');
          expectSubscriptions(source.subscriptions).toBe(subscribed);
        }),
      );

      it(
        'completes with an empty one',
        marbles(({ cold, expectObservable, expectSubscriptions }) => {
          const source = cold('-----|');
          const subscribed = '         ^----!';
          expectObservable(source.pipe(make())).toBe('-----|');
          expectSubscriptions(source.subscriptions).toBe(subscribed);
        }),
      );

      it(
        'is unsubscribed from it by early disposal',
        marbles(({ hot, expectObservable, expectSubscriptions }) => {
          const source = hot('----a-b-c-|');
          const unsubscribed = '      ---!';
          const subscribed = '        ^--!';
          expectObservable(source.pipe(make()), unsubscribed).toBe('----');
          expectSubscriptions(source.subscriptions).toBe(subscribed);
        }),
      );

      it('passes its error on, the very object, at once', () => {
        const error = new Error('of the source');
        const failing = throwError(() => error);
        const recording = record(concat(of('a', 'b', 'c', 'd'), failing).pipe(make()));
        expect(recording.end).toBe('#');
        expect(recording.error).toBe(error);
      });
    });

    if (isSynchronous) {
      it('pulls an endless synchronous source three times under take(3)', () => {
        let pulled = 0;
        const endless = function* (): Generator<string> {
          for (;;) yield String(++pulled);
        };
        const recording = record(from(endless()).pipe(make(), take(3)));
        expect(recording).toMatchObject({ values: ['1', '2', '3'], end: '|' });
        expect(pulled).toBe(3);
      });
    }

    it('passes one value and completes', async () => {
      const recording = record(of('a').pipe(make()));
      await vi.runAllTimersAsync();
      expect(recording).toMatchObject({ values: ['a'], end: '|' });
    });

    it('passes many, drains what waits, and only then completes', async () => {
      const letters = Array.from('abcdefghijklmnopqrstuvwxyz');
      const recording = record(from(letters).pipe(make()));
      await vi.runAllTimersAsync();
      expect(recording).toMatchObject({ values: letters, end: '|' });
    });

    it('is silent after early disposal, whatever waited, and holds nothing', async () => {
      const source = new Subject<string>();
      const recording = record(source.pipe(make()));
      for (const letter of 'abcdefgh') source.next(letter);
      recording.subscription.unsubscribe();
      const said = [...recording.values];
      expect(source.observed).toBe(false);
      expect(vi.getTimerCount()).toBe(0);
      source.next('too late');
      await vi.runAllTimersAsync();
      expect(recording).toMatchObject({ values: said, end: '' });
    });

    it('is cold: does nothing before it is subscribed to', () => {
      const subscribe = vi.fn(() => of('a'));
      defer(subscribe).pipe(make());
      expect(subscribe).not.toHaveBeenCalled();
    });

    it('serves two subscriptions apart, and a third after them', async () => {
      const stream = of('a', 'b', 'c').pipe(make());
      const first = record(stream);
      const second = record(stream);
      await vi.runAllTimersAsync();
      const third = record(stream);
      await vi.runAllTimersAsync();
      for (const { values, end } of [first, second, third]) expect([values, end]).toEqual([['a', 'b', 'c'], '|']);
    });

    it('takes values that a value brings about', async () => {
      const source = new Subject<string>();
      const recording = record(source.pipe(make(), feeding(source)));
      source.next('a');
      await vi.runAllTimersAsync();
      expect(recording).toMatchObject({ values: ['a', 'b', 'c'], end: '|' });
    });

    it('goes on after an observer that throws', async () => {
      const reported = vi.fn();
      config.onUnhandledError = reported;
      const values: string[] = [];
      const error = new Error('of the observer');
      from(['a', 'b', 'c'])
        .pipe(make())
        .subscribe((value) => {
          values.push(value);
          if (value === 'a') throw error;
        });
      await vi.runAllTimersAsync();
      config.onUnhandledError = null;
      expect(values).toEqual(['a', 'b', 'c']);
      expect(reported.mock.calls).toEqual([[error]]);
    });

    for (const [callback, makeFailing] of Object.entries(more.throwing ?? {})) {
      it(`ends with what ${callback} throws`, async () => {
        const error = new Error(`of ${callback}`);
        const source = new Subject<string>();
        const fail = (): never => {
          throw error;
        };
        const recording = record(source.pipe(makeFailing(fail)));
        source.next('a');
        await vi.runAllTimersAsync();
        expect(recording.error).toBe(error);
        expect(source.observed).toBe(false);
      });
    }

    const { projecting } = more;
    if (projecting === undefined) return;

    it.each<{ what: string; work: (value: string) => ObservableInput<string> }>([
      { what: 'an observable', work: (value) => of(value) },
      { what: 'a promise', work: (value) => Promise.resolve(value) },
      { what: 'a thenable', work: (value) => thenable(value) },
      { what: 'an array', work: (value) => [value] },
      { what: 'a string', work: (value) => value },
      {
        what: 'an async iterable',
        work: async function* (value) {
          yield await Promise.resolve(value);
        },
      },
    ])('takes $what for work', async ({ work }) => {
      const recording = record(of('a', 'b', 'c', 'd').pipe(projecting(work)));
      await vi.runAllTimersAsync();
      expect(recording).toMatchObject({ values: ['a', 'b', 'c', 'd'], end: '|' });
    });

    it('stops work that is under way when it is disposed of', () => {
      const stopped = vi.fn();
      const { subscription } = record(
        concat(of('a'), NEVER).pipe(projecting(() => new Observable<string>(() => stopped))),
      );
      vi.advanceTimersByTime(60_000);
      expect(stopped).not.toHaveBeenCalled();
      subscription.unsubscribe();
      expect(stopped).toHaveBeenCalledTimes(1);
    });
  });
}

/** Feeds `source` from within its own values: `b` and `c` follow `a`, and the end follows `c`. */
function feeding(source: Subject<string>): Operator {
  return (stream) =>
    new Observable((subscriber) =>
      stream.subscribe({
        next(value) {
          subscriber.next(value);
          if (value === 'c') source.complete();
          if (value !== 'a') return;
          source.next('b');
          source.next('c');
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );
}

/** A promise of somebody else's making. */
function thenable<T>(value: T): PromiseLike<T> {
  const promise = Promise.resolve(value);
  return { then: (resolved, failed) => promise.then(resolved, failed) };
}
