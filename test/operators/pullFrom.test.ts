import { concatMap, EMPTY, from, NEVER, Observable, of, Subject, take } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { pullFrom, type PullFromOptions } from '../../operators/pullFrom.js';
import { OptionsError } from '../../src/errors.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { marbles } from './marbles.js';
import { Asked, count, slots, Watched } from './pullFromSources.js';
import { record } from './recording.js';
import { promises, VirtualClock } from './virtualClock.js';

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
