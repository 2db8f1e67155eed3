import { concatMap, EMPTY, from, NEVER, Observable, of, Subject, take, takeUntil, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import type { ProjectionContext } from '../../operators/pool.js';
import { pullFrom, type PullFromOptions } from '../../operators/pullFrom.js';
import { CostOverCapacityError, OptionsError, QueueFullError } from '../../src/errors.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { marbles } from './marbles.js';
import { record } from './recording.js';
import { promises, VirtualClock } from './virtualClock.js';

/** An iterable that keeps a book of what is asked of it. */
class Watched<T> implements Iterable<T> {
  pulled = 0;
  returned = 0;
  readonly #values: Iterator<T>;

  constructor(values: Iterable<T>) {
    this.#values = values[Symbol.iterator]();
  }

  [Symbol.iterator](): Iterator<T> {
    return {
      next: () => {
        this.pulled++;
        return this.#values.next();
      },
      return: () => {
        this.returned++;
        return { done: true, value: undefined };
      },
    };
  }
}

/** An asynchronous source that a test answers by hand. */
class Asked implements AsyncIterable<string> {
  returned = 0;
  readonly #answers: {
    readonly resolve: (result: IteratorResult<string>) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  /** How many questions have no answer yet. */
  get open(): number {
    return this.#answers.length;
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => new Promise((resolve, reject) => this.#answers.push({ resolve, reject })),
      return: () => {
        this.returned++;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async answer(value: string): Promise<void> {
    this.#answers.shift()?.resolve({ done: false, value });
    await promises();
  }

  async end(): Promise<void> {
    this.#answers.shift()?.resolve({ done: true, value: undefined });
    await promises();
  }

  async fail(error: unknown): Promise<void> {
    this.#answers.shift()?.reject(error);
    await promises();
  }
}

function* count(): Generator<number> {
  for (let n = 1; ; n++) yield n;
}

const slots = (limit: number): Limiter => createLimiter({ limits: [concurrency({ limit })] });

describe('pullFrom', () => {
  it(
    'draws the picture in its documentation',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const work = cold('     -----x|');
      const stream = pullFrom(['a', 'b', 'c'], (name) => work.pipe(concatMap(() => of(name))), { limit: 2 });
      expectObservable(stream).toBe('-----(ab)--c|');
      expectSubscriptions(work.subscriptions).toBe(['^-----!', '^-----!', '------^-----!']);
    }),
  );

  it(
    'follows virtual time through the limits of its own limiter',
    marbles(({ cold, expectObservable }) => {
      expectObservable(pullFrom('abc', (name) => cold('--x|').pipe(concatMap(() => of(name))), { limit: 1 })).toBe(
        '--a--b--c|',
      );
    }),
  );

  it('completes with an empty iterable, and asks it once', () => {
    const source = new Watched([]);
    const { end } = record(pullFrom(source, () => of('never'), { limit: 3 }));
    expect([end, source.pulled, source.returned]).toEqual(['|', 1, 0]);
  });

  it('passes all results on, then completes, and does not close an iterable that has ended', () => {
    const source = new Watched('abc');
    const recording = record(pullFrom(source, (name, index) => of(name + String(index)), { limit: 2 }));
    expect(recording).toMatchObject({ values: ['a0', 'b1', 'c2'], end: '|' });
    expect([source.pulled, source.returned]).toEqual([4, 0]);
  });

  it('completes where the work says nothing', () => {
    expect(record(pullFrom('abc', () => EMPTY, { limit: 2 })).end).toBe('|');
  });

  it('pulls an endless iterable three times under take(3), and closes it once', () => {
    const source = new Watched(count());
    const recording = record(pullFrom(source, (n) => of(n), { limit: 2 }).pipe(take(3)));
    expect(recording).toMatchObject({ values: [1, 2, 3], end: '|' });
    expect([source.pulled, source.returned]).toEqual([3, 1]);
  });

  it('pulls nothing before it is subscribed to, and for each subscription anew', () => {
    const iterate = vi.fn(() => 'ab'[Symbol.iterator]());
    const stream = pullFrom({ [Symbol.iterator]: iterate }, (name) => of(name), { limit: 1 });
    expect(iterate).not.toHaveBeenCalled();
    for (const { values } of [record(stream), record(stream)]) expect(values).toEqual(['a', 'b']);
  });

  it('pulls nothing before a permit is free', () => {
    const source = new Watched('abcd');
    const works = new Map<string, Subject<string>>();
    const recording = record(
      pullFrom(
        source,
        (name) => {
          works.set(name, new Subject());
          return works.get(name) ?? EMPTY;
        },
        { limit: 2 },
      ),
    );
    expect(source.pulled).toBe(2);
    works.get('b')?.next('of b');
    expect(source.pulled).toBe(2);
    works.get('b')?.complete();
    expect([source.pulled, ...works.keys()]).toEqual([3, 'a', 'b', 'c']);
    expect(recording.values).toEqual(['of b']);
  });

  it('emits in the order of the source where it is ordered', () => {
    const works = [new Subject<string>(), new Subject<string>(), new Subject<string>()];
    const stream = pullFrom([0, 1, 2], (n) => works[n] ?? EMPTY, { limit: 3, ordered: true });
    const recording = record(stream);
    for (const n of [2, 0, 1]) {
      works[n]?.next(`of ${n}`);
      works[n]?.complete();
    }
    expect(recording.values).toEqual(['of 0', 'of 1', 'of 2']);
  });

  it('goes through a hundred thousand synchronous results without a stack', () => {
    const values = Array.from({ length: 100_000 }, (_, n) => n);
    let sum = 0;
    pullFrom(values, (n) => of(n), { limit: 3 }).subscribe((n) => (sum += n));
    expect(sum).toBe(4_999_950_000);
  });

  it('takes work that it makes itself while it is being pulled', () => {
    const queue = ['a'];
    const growing = {
      *[Symbol.iterator]() {
        while (queue.length > 0) yield queue.shift() ?? '';
      },
    };
    const recording: string[] = [];
    pullFrom(growing, (name) => of(name), { limit: 1 }).subscribe((name) => {
      recording.push(name);
      if (name.length < 3) queue.push(`${name}a`, `${name}b`);
    });
    expect(recording).toEqual(['a', 'aa', 'ab', 'aaa', 'aab', 'aba', 'abb']);
  });
});

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

describe('pullFrom and asynchronous iterables', () => {
  it('asks for one value at a time, and works on as many as there are permits', async () => {
    const source = new Asked();
    const started: string[] = [];
    record(pullFrom(source, (name) => (started.push(name), NEVER), { limit: 2 }));
    expect(source.open).toBe(1);
    await source.answer('a');
    expect([source.open, ...started]).toEqual([1, 'a']);
    await source.answer('b');
    expect([source.open, ...started]).toEqual([0, 'a', 'b']);
  });

  it('completes with the last work, after the source, whose end costs nothing', async () => {
    const source = new Asked();
    const work = new Subject<string>();
    const limiter = slots(2);
    const recording = record(pullFrom(source, () => work, { limiter }));
    await source.answer('a');
    expect(limiter.active).toBe(2);
    await source.end();
    expect([recording.end, limiter.active]).toEqual(['', 1]);
    work.next('of a');
    work.complete();
    expect(recording).toMatchObject({ values: ['of a'], end: '|' });
    expect([source.returned, limiter.active]).toEqual([0, 0]);
  });

  it('ends with what the source fails with, and gives the permit back', async () => {
    const source = new Asked();
    const limiter = slots(1);
    const recording = record(pullFrom(source, () => NEVER, { limiter }));
    const next = limiter.run(() => 'next');
    await source.fail(new Error('of the source'));
    expect(recording).toMatchObject({ end: '#', error: new Error('of the source') });
    await expect(next).resolves.toBe('next');
    expect([limiter.active, source.returned]).toEqual([0, 0]);
  });

  it('gives the permit of a pull back at once when it is left, whatever comes of the pull', async () => {
    const source = new Asked();
    const limiter = slots(1);
    const project = vi.fn(() => NEVER);
    const { subscription } = record(pullFrom(source, project, { limiter }));
    const next = limiter.run(() => 'next');
    subscription.unsubscribe();
    await expect(next).resolves.toBe('next');
    expect([limiter.active, source.returned]).toEqual([0, 1]);
    await source.answer('too late');
    expect([limiter.active, limiter.waiting, project.mock.calls.length]).toEqual([0, 0, 0]);
  });

  it('lets a generator clean up', async () => {
    const cleanedUp = vi.fn();
    async function* source(): AsyncGenerator<number> {
      try {
        for (let n = 1; ; n++) yield await Promise.resolve(n);
      } finally {
        cleanedUp();
      }
    }
    const recording = record(pullFrom(source(), (n) => of(n), { limit: 2 }).pipe(take(3)));
    await promises();
    expect(recording).toMatchObject({ values: [1, 2, 3], end: '|' });
    expect(cleanedUp).toHaveBeenCalledTimes(1);
  });
});

describe('pullFrom on a shared limiter', () => {
  it('takes turns with others by its key and weight', () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], clock });
    let order = '';
    const work = (name: string): Observable<never> => {
      order += name;
      return new Observable((subscriber) => clock.schedule(1, () => subscriber.complete()));
    };
    record(pullFrom('-', work, { limiter }));
    record(pullFrom('bbbb', work, { limiter, key: 'b' }));
    record(pullFrom('aaaaaa', work, { limiter, key: 'a', weight: 2 }));
    clock.drain();
    expect(order).toBe('-' + 'baa' + 'baa' + 'baa' + 'b');
    expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
  });

  it('keeps to the limit of its own key, and to all others', () => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 5 }), perKey(() => concurrency({ limit: 2 }))] });
    const sources = ['a', 'b', 'c'].map((key) => {
      const source = new Watched(count());
      record(pullFrom(source, () => NEVER, { limiter, key }));
      return source.pulled;
    });
    expect(sources).toEqual([2, 2, 1]);
  });

  it('pays the window it is given, and nothing for the end of the source', () => {
    const clock = new VirtualClock();
    const limiter = createLimiter({
      limits: [slidingWindow({ limit: 2, intervalMs: 100, countUntil: 'start' })],
      clock,
    });
    const { timeline, ...recording } = record(
      pullFrom('abc', (name) => of(name), { limiter }),
      () => clock.now(),
    );
    clock.drain();
    expect(timeline).toEqual([
      [0, 'a'],
      [0, 'b'],
      [100, 'c'],
    ]);
    expect([limiter.snapshot().limits[0]?.used, recording.subscription.closed]).toEqual([1, true]);
  });
});

describe('the options of pullFrom', () => {
  it.each<{ options: object }>([
    { options: {} },
    { options: { limit: 0 } },
    { options: { limit: Infinity } },
    { options: { limit: 1, limiter: slots(1) } },
    { options: { limit: 1, weight: 0 } },
    { options: { limit: 1, cost: -1 } },
    { options: { limit: 1, unknown: true } },
  ])('are refused: $options', ({ options }) => {
    expect(() => pullFrom('abc', () => from(['x']), options as PullFromOptions)).toThrow(OptionsError);
  });
});
