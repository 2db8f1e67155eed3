import { NEVER, of, Subject, throwError, type Observable, type ObservableInput } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { concurrencyLimit } from '../../../operators/concurrencyLimit.js';
import { rateLimit } from '../../../operators/rateLimit.js';
import { QueueFullError } from '../../../src/errors.js';
import { createLimiter } from '../../../src/limiter/createLimiter.js';
import { concurrency } from '../../../src/limits/concurrency.js';
import { RecordingLimit } from '../../http/recordingLimit.js';
import { record } from '../recording.js';
import { promises } from '../virtualClock.js';

describe('work of another make', () => {
  it('gives its permit back once, where it is a promise that settles twice', async () => {
    const twice = {
      then(resolve: (value: string) => void): void {
        queueMicrotask(() => {
          resolve('once');
          resolve('twice');
        });
      },
    } as PromiseLike<string>;
    const begun: ObservableInput<string>[] = [];
    const recording = record(
      of<ObservableInput<string>[]>(twice, NEVER, NEVER).pipe(
        concurrencyLimit(
          (work) => {
            begun.push(work);
            return work;
          },
          { limit: 1 },
        ),
      ),
    );
    await promises();
    expect([recording.values, begun]).toEqual([['once'], [twice, NEVER]]);
  });

  it.each([undefined, null])('errors as RxJS does where it is %s', (nothing) => {
    const recording = record(of('a').pipe(concurrencyLimit(() => nothing as unknown as [], { limit: 1 })));
    expect(String(recording.error)).toContain(`You provided '${nothing}' where a stream was expected`);
  });
});

describe('a queue of its own', () => {
  it('keeps who comes from within work that starts, where others start right after', () => {
    const source = new Subject<number>();
    const begun: number[] = [];
    const project = (value: number): Observable<never> => {
      begun.push(value);
      if (value === 1) for (const next of [2, 3]) source.next(next);
      return NEVER;
    };
    const recording = record(source.pipe(concurrencyLimit(project, { limit: 2, queue: { maxSize: 1 } })));
    source.next(1);
    expect([begun, recording.end]).toEqual([[1, 2], '']);
    source.next(4);
    expect(recording.error).toEqual(new QueueFullError(1));
  });
});

describe('a limiter that others share', () => {
  it('tells the stream whose work brings more than the queue holds', () => {
    const limiter = createLimiter({
      limits: [concurrency({ limit: 1 })],
      queue: { maxSize: 1, overflow: 'error' },
    });
    const source = new Subject<number>();
    const project = (value: number): Observable<never> => {
      if (value === 1) for (const next of [2, 3]) source.next(next);
      return NEVER;
    };
    const recording = record(source.pipe(concurrencyLimit(project, { limiter })));
    source.next(1);
    expect(recording.error).toEqual(new QueueFullError(1));
  });

  it('hears how all work has ended, as far as anybody knows', () => {
    const limit = new RecordingLimit();
    const limiter = createLimiter({ limits: [limit] });
    record(of('a').pipe(concurrencyLimit((value) => of(value), { limiter })));
    record(of('a').pipe(concurrencyLimit(() => throwError(() => new Error('no')), { limiter })));
    record(of('a').pipe(rateLimit({ limiter })));
    expect(limit.outcomes).toEqual(['succeeded', 'failed', 'unknown']);
  });
});
