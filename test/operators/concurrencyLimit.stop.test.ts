import { concat, NEVER, of, Subject, timer, type ObservableInput } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { concurrencyLimit } from '../../operators/concurrencyLimit.js';
import { marbles } from './marbles.js';
import { record } from './recording.js';

describe('concurrencyLimit, with a signal to stop', () => {
  it(
    'takes no more and drops what waits, but lets what runs end',
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const stopping = new AbortController();
      timer(3).subscribe(() => stopping.abort());
      const source = hot('abc---d---|');
      const taken = '     ^--!';
      const work = cold(' -----x|');
      const a = '         ^-----!';
      const b = '         -^-----!';
      const result = '    -----xx|';
      const stop = stopping.signal;
      expectObservable(source.pipe(concurrencyLimit(() => work, { limit: 2, stop }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(taken);
      expectSubscriptions(work.subscriptions).toBe([a, b]);
    }),
  );

  it(
    'completes without asking its source for anything where that was given before',
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('abc');
      const stop = AbortSignal.abort();
      expectObservable(source.pipe(concurrencyLimit((key) => of(key), { limit: 2, stop }))).toBe('|');
      expectSubscriptions(source.subscriptions).toBe([]);
    }),
  );

  it('gives every result that was in line where one of them asks for it', () => {
    const stopping = new AbortController();
    const first = new Subject<string>();
    const source = concat(of<ObservableInput<string>[]>(first, ['b', 'B'], ['c']), NEVER);
    const options = { limit: 3, ordered: true, stop: stopping.signal };
    const values: string[] = [];
    source.pipe(concurrencyLimit((work) => work, options)).subscribe((value) => {
      values.push(value);
      if (value === 'b') stopping.abort();
    });
    first.complete();
    expect(values).toEqual(['b', 'B', 'c']);
  });

  it('leaves the signal alone once it is over', () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    record(of('a').pipe(concurrencyLimit((key) => of(key), { limit: 1, stop: signal })));
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
  });
});
