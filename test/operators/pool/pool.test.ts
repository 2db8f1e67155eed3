import {
  concat,
  NEVER,
  Observable,
  of,
  Subject,
  takeUntil,
  throwError,
  UnsubscriptionError,
  type ObservableInput,
} from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { concurrencyLimit } from '../../../operators/concurrencyLimit.js';
import { createLimiter } from '../../../operators/createLimiter.js';
import type { ProjectionContext } from '../../../operators/pool/job.js';
import { concurrency } from '../../../src/limits/concurrency.js';
import { record } from '../recording.js';
import { promises } from '../virtualClock.js';

const twoAtOnce = () => createLimiter({ limits: [concurrency({ limit: 2 })] });

describe('the signal of a projection', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it('is made when it is first read, once', () => {
    const made = vi.fn();
    const Controller = globalThis.AbortController;
    vi.stubGlobal(
      'AbortController',
      class extends Controller {
        constructor() {
          super();
          made();
        }
      },
    );
    const project = (value: number, _: number, context: ProjectionContext): Observable<boolean> =>
      value === 1 ? of(true) : of(context.signal === context.signal);
    record(of(1, 1, 2, 1).pipe(concurrencyLimit(project, { limit: 2 })));
    expect(made).toHaveBeenCalledTimes(1);
  });

  it('is aborted by unsubscribing, for a promise and for an observable', () => {
    const signals: AbortSignal[] = [];
    const works = [NEVER, new Promise<never>(() => undefined)];
    const { subscription } = record(
      of(...works).pipe(
        concurrencyLimit(
          (work, _, { signal }) => {
            signals.push(signal);
            return work;
          },
          { limit: 2 },
        ),
      ),
    );
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
    subscription.unsubscribe();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('is aborted by the error of other work, not by the end of its own', async () => {
    const signals: AbortSignal[] = [];
    const works = [Promise.resolve('a'), new Promise<never>(() => undefined), Promise.reject(new Error('no'))];
    record(
      of(...works).pipe(
        concurrencyLimit(
          (work, _, { signal }) => {
            signals.push(signal);
            return work;
          },
          { limit: 3 },
        ),
      ),
    );
    await promises();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true, false]);
  });

  it('is aborted already where work reads it only after the end', async () => {
    const step = new Subject<void>();
    let aborted: boolean | undefined;
    const work = async (_: string, __: number, context: ProjectionContext): Promise<void> => {
      await new Promise<void>((resolve) => step.subscribe(resolve));
      aborted = context.signal.aborted;
    };
    const { subscription } = record(of('a').pipe(concurrencyLimit(work, { limit: 1 })));
    subscription.unsubscribe();
    step.next();
    await promises();
    expect(aborted).toBe(true);
  });
});

describe('a permit', () => {
  it('is held by a promise until it settles, whoever has stopped listening', async () => {
    const limiter = twoAtOnce();
    let resolve: () => void = () => undefined;
    const work = new Promise<void>((settle) => (resolve = settle));
    const { subscription } = record(of('a').pipe(concurrencyLimit(() => work, { limiter })));
    subscription.unsubscribe();
    expect(limiter.active).toBe(1);
    resolve();
    await promises();
    expect(limiter.active).toBe(0);
  });

  it('comes back from observables as they are unsubscribed from, and goes to the next in line', () => {
    const limiter = twoAtOnce();
    const { subscription } = record(of('a', 'b', 'c').pipe(concurrencyLimit(() => NEVER, { limiter })));
    const next = record(of('d').pipe(concurrencyLimit((value) => of(value), { limiter })));
    expect(limiter.snapshot()).toMatchObject({ active: 2, waiting: 2 });
    subscription.unsubscribe();
    expect(limiter.snapshot()).toMatchObject({ active: 0, waiting: 0 });
    expect(next.values).toEqual(['d']);
  });

  it('comes back where the clean-up of a work throws, and the other works are stopped all the same', () => {
    const limiter = twoAtOnce();
    const error = new Error('of the clean-up');
    const stopped = vi.fn();
    const works = [
      new Observable<never>(() => () => {
        throw error;
      }),
      new Observable<never>(() => stopped),
    ];
    const { subscription } = record(of(...works).pipe(concurrencyLimit((work) => work, { limiter })));
    expect(() => subscription.unsubscribe()).toThrow(UnsubscriptionError);
    expect(stopped).toHaveBeenCalledTimes(1);
    expect(limiter.active).toBe(0);
  });

  it('comes back where a projection unsubscribes its own stream, and its work is never begun', () => {
    const limiter = twoAtOnce();
    const stop = new Subject<void>();
    const begun = vi.fn();
    const project = (): Observable<never> => {
      stop.next();
      return new Observable(begun);
    };
    record(concat(of('a'), NEVER).pipe(concurrencyLimit(project, { limiter }), takeUntil(stop)));
    expect(begun).not.toHaveBeenCalled();
    expect(limiter.active).toBe(0);
  });

  it('comes back once where a projection unsubscribes its own stream and goes on with a promise', async () => {
    const limiter = twoAtOnce();
    const stop = new Subject<void>();
    const project = (_: string, __: number, { signal }: ProjectionContext): Promise<boolean> => {
      stop.next();
      return Promise.resolve(signal.aborted);
    };
    record(of('a').pipe(concurrencyLimit(project, { limiter }), takeUntil(stop)));
    expect(limiter.active).toBe(1);
    await promises();
    expect(limiter.active).toBe(0);
  });

  it('comes back where work ends itself as it is aborted', () => {
    const limiter = twoAtOnce();
    const project = (_: string, __: number, { signal }: ProjectionContext): Observable<never> =>
      new Observable((subscriber) => signal.addEventListener('abort', () => subscriber.complete()));
    const { subscription } = record(of('a', 'b').pipe(concurrencyLimit(project, { limiter })));
    subscription.unsubscribe();
    expect(limiter.active).toBe(0);
  });
});

describe('a classifier that throws', () => {
  const error = new Error('of the classifier');
  const classify = (): never => {
    throw error;
  };

  it.each<[string, () => ObservableInput<never>]>([
    ['an observable', () => throwError(() => new Error('of the work'))],
    ['a promise', () => Promise.reject(new Error('of the work'))],
  ])('ends the stream with its error, and the permit of %s comes back', async (_, work) => {
    const limiter = twoAtOnce();
    const recording = record(of('a').pipe(concurrencyLimit(work, { limiter, classify })));
    await promises();
    expect(recording.error).toBe(error);
    expect(limiter.active).toBe(0);
  });
});

describe('a source that is fed while its stream is disposed of', () => {
  it('starts no more work', () => {
    const source = new Subject<string>();
    const project = vi.fn(() => new Observable<never>(() => () => source.next('c')));
    const { subscription } = record(source.pipe(concurrencyLimit(project, { limit: 2 })));
    source.next('a');
    source.next('b');
    subscription.unsubscribe();
    expect(project).toHaveBeenCalledTimes(2);
  });
});

describe('results in order', () => {
  it('stay in order where a result brings new work that ends at once', () => {
    const first = new Subject<string>();
    const source = new Subject<Observable<string>>();
    const values: string[] = [];
    source.pipe(concurrencyLimit((work) => work, { limit: 9, ordered: true })).subscribe((value) => {
      values.push(value);
      if (value === 'b') source.next(of('d'));
    });
    source.next(first);
    source.next(of('b', 'c'));
    first.complete();
    expect(values).toEqual(['b', 'c', 'd']);
  });

  it('stay in order where a result makes its own work go on', () => {
    const [first, second] = [new Subject<string>(), new Subject<string>()];
    const values: string[] = [];
    of(first, second)
      .pipe(concurrencyLimit((work) => work, { limit: 2, ordered: true }))
      .subscribe((value) => {
        values.push(value);
        if (value === 'b') second.next('d');
      });
    second.next('b');
    second.next('c');
    first.complete();
    expect(values).toEqual(['b', 'c', 'd']);
  });

  it('all come where one of them completes the source', () => {
    const [first, source] = [new Subject<string>(), new Subject<Observable<string>>()];
    const said: string[] = [];
    source.pipe(concurrencyLimit((work) => work, { limit: 2, ordered: true })).subscribe({
      next(value) {
        said.push(value);
        source.complete();
      },
      complete: () => said.push('|'),
    });
    source.next(first);
    source.next(of('b', 'c'));
    first.complete();
    expect(said).toEqual(['b', 'c', '|']);
  });

  it('hold nothing back from the first that is not done', () => {
    const [first, second] = [new Subject<string>(), new Subject<string>()];
    const recording = record(of(first, second).pipe(concurrencyLimit((work) => work, { limit: 2, ordered: true })));
    second.next('later');
    first.next('now');
    expect(recording.values).toEqual(['now']);
  });
});

it('leaves nobody with a rejection that comes after the end', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  let fail: (reason: Error) => void = () => undefined;
  const work = new Promise<never>((_, reject) => (fail = reject));
  record(of('a').pipe(concurrencyLimit(() => work, { limit: 1 }))).subscription.unsubscribe();
  fail(new Error('too late'));
  await promises();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
