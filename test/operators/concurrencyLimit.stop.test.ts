import { getEventListeners } from 'node:events';
import { concat, from, NEVER, of, Subject, timer, type ObservableInput, type Subscription } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { concurrencyLimit } from '../../operators/concurrencyLimit.js';
import { createLimiter } from '../../operators/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
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

  it('hears of a signal of another window, too, which is no AbortSignal of ours', () => {
    const signal = Object.assign(new EventTarget(), { aborted: false });
    const source = new Subject<never>();
    const recording = record(source.pipe(concurrencyLimit(() => NEVER, { limit: 1, stop: signal as AbortSignal })));
    signal.dispatchEvent(new Event('abort'));
    expect([recording.end, source.observed]).toEqual(['|', false]);
  });

  it('shares one listener with all who stop by the same signal, and leaves none', () => {
    const { signal } = new AbortController();
    const stopped = concurrencyLimit(() => NEVER, { limit: 1, stop: signal });
    const streams = Array.from({ length: 20 }, () => record(NEVER.pipe(stopped)));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const { subscription } of streams) subscription.unsubscribe();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

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

  it.each([
    ['is told to stop', (stopping: AbortController) => stopping.abort()],
    ['is unsubscribed from', (_: AbortController, subscription: Subscription) => subscription.unsubscribe()],
  ])('as it %s starts nothing that waits, be there room as heavier work leaves first', (_, leave) => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 3 })] });
    const running = ['long', 'short'].map(() => new Subject<never>());
    record(from(running).pipe(concurrencyLimit((work) => work, { limiter })));
    const stopping = new AbortController();
    const project = vi.fn(() => NEVER);
    const source = new Subject<number>();
    const options = { limiter, cost: (it: number) => it, priority: (it: number) => it, stop: stopping.signal };
    const { subscription } = record(source.pipe(concurrencyLimit(project, options)));
    source.next(2);
    source.next(3);
    running[1]?.complete();
    leave(stopping, subscription);
    expect(project).not.toHaveBeenCalled();
    expect([limiter.waiting, limiter.active, limiter.snapshot().limits[0]?.used]).toEqual([0, 1, 1]);
  });

  it('leaves the signal alone once it is over', () => {
    const { signal } = new AbortController();
    const removed = vi.spyOn(signal, 'removeEventListener');
    record(of('a').pipe(concurrencyLimit((key) => of(key), { limit: 1, stop: signal })));
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
  });
});
