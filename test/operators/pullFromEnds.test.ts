import { config, NEVER, Observable, of, Subject, take, takeUntil, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import type { ProjectionContext } from '../../operators/pool/job.js';
import { pullFrom } from '../../operators/pullFrom.js';
import { CostOverCapacityError, QueueFullError } from '../../src/errors.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { count, slots, Watched } from './pullFromSources.js';
import { record } from './recording.js';

describe('pullFrom and failures', () => {
  const error = new Error('out of order');

  it('ends with what next() throws, aborts what runs, and does not close what has failed', () => {
    const aborted = vi.fn();
    const limiter = slots(3);
    const source = new Watched(
      (function* () {
        yield 'a';
        throw error;
      })(),
    );
    const work = (_name: string, _index: number, { signal }: ProjectionContext): Observable<never> => {
      signal.addEventListener('abort', aborted);
      return NEVER;
    };
    const recording = record(pullFrom(source, work, { limiter }));
    expect(recording).toMatchObject({ end: '#', error });
    expect([aborted.mock.calls.length, source.returned, limiter.active, limiter.waiting]).toEqual([1, 0, 0, 0]);
  });

  it('ends with what the work fails with, and closes the iterable once', () => {
    const limiter = slots(3);
    const source = new Watched('abcd');
    const work = (name: string): Observable<never> => (name === 'b' ? throwError(() => error) : NEVER);
    const recording = record(pullFrom(source, work, { limiter }));
    expect(recording).toMatchObject({ end: '#', error });
    expect([source.pulled, source.returned, limiter.active, limiter.waiting]).toEqual([2, 1, 0, 0]);
  });

  it('ends with what the projection throws', () => {
    const source = new Watched('abcd');
    const work = (): never => {
      throw error;
    };
    expect(record(pullFrom(source, work, { limit: 3 }))).toMatchObject({ end: '#', error });
    expect([source.pulled, source.returned]).toEqual([1, 1]);
  });

  it('ends with what making the iterator throws', () => {
    const limiter = slots(1);
    const broken = {
      [Symbol.iterator]: (): never => {
        throw error;
      },
    };
    expect(record(pullFrom(broken, () => NEVER, { limiter }))).toMatchObject({ end: '#', error });
    expect(limiter.waiting).toBe(0);
  });

  it('gives each permit back once where the queue it goes back to is full', async () => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], queue: { maxSize: 1 } });
    const source = new Watched(count());
    const recording = record(pullFrom(source, () => new Promise<never>(() => undefined), { limiter }));
    const other = limiter.run(() => 'refused');
    await expect(other).rejects.toThrow(QueueFullError);
    recording.subscription.unsubscribe();
    expect([limiter.active, limiter.waiting]).toEqual([1, 0]);
    const waits = limiter.run(() => 'waits');
    waits.catch(() => undefined);
    const refused = new Watched(count());
    expect(record(pullFrom(refused, () => NEVER, { limiter })).error).toBeInstanceOf(QueueFullError);
    expect([limiter.active, limiter.waiting, refused.pulled, refused.returned]).toEqual([1, 1, 0, 1]);
  });

  it('gives its permits back once each where there is no place for the next pull', () => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], queue: { maxSize: 1 } });
    const source = new Watched(count());
    const work = (): Observable<never> => {
      void limiter.run(() => 'in its place');
      return NEVER;
    };
    expect(record(pullFrom(source, work, { limiter })).error).toBeInstanceOf(QueueFullError);
    expect([limiter.active, limiter.waiting, source.pulled, source.returned]).toEqual([0, 0, 1, 1]);
  });

  it('ends at once with a cost that can never pass', () => {
    const source = new Watched('ab');
    const { error: found } = record(pullFrom(source, () => NEVER, { limiter: slots(2), cost: 3 }));
    expect(found).toBeInstanceOf(CostOverCapacityError);
    expect(source.pulled).toBe(0);
  });

  it('stops what runs even where closing the iterable throws', () => {
    const limiter = slots(2);
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ value: 1 }),
        return: () => {
          throw error;
        },
      }),
    };
    const { subscription } = record(pullFrom(source, () => NEVER, { limiter }));
    expect(limiter.active).toBe(2);
    expect(() => subscription.unsubscribe()).toThrow('out of order');
    expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
  });

  it('reports as RxJS does that closing an asynchronous iterable fails', async () => {
    const reported = vi.fn();
    config.onUnhandledError = reported;
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ value: 'a' }),
        return: () => Promise.reject(error),
      }),
    };
    const recording = record(pullFrom(source, (name) => of(name), { limit: 1 }).pipe(take(1)));
    await vi.waitFor(() => expect(reported).toHaveBeenCalledWith(error));
    config.onUnhandledError = null;
    expect(recording).toMatchObject({ values: ['a'], end: '|' });
  });
});

describe('pullFrom and unsubscribing', () => {
  it('closes the iterable once, stops what runs, and gives all permits back', () => {
    const limiter = slots(2);
    const source = new Watched(count());
    const stopped = vi.fn();
    const { subscription } = record(pullFrom(source, () => new Observable(() => stopped), { limiter }));
    subscription.unsubscribe();
    subscription.unsubscribe();
    expect([stopped.mock.calls.length, source.pulled, source.returned]).toEqual([2, 2, 1]);
    expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
  });

  it('from within the work pulls nothing more', () => {
    const source = new Watched(count());
    const stop = new Subject<void>();
    const work = (n: number): Observable<number> => {
      if (n === 3) stop.next();
      return of(n);
    };
    const recording = record(pullFrom(source, work, { limit: 1 }).pipe(takeUntil(stop)));
    expect(recording).toMatchObject({ values: [1, 2], end: '|' });
    expect([source.pulled, source.returned]).toEqual([3, 1]);
  });

  it('from within next() starts nothing more', () => {
    const limiter = slots(2);
    const stop = new Subject<void>();
    const source = {
      [Symbol.iterator]: () => ({
        next: () => {
          stop.next();
          return { value: 1 };
        },
      }),
    };
    const project = vi.fn(() => NEVER);
    record(pullFrom(source, project, { limiter }).pipe(takeUntil(stop)));
    expect([project.mock.calls.length, limiter.active, limiter.waiting]).toEqual([0, 0, 0]);
  });
});
