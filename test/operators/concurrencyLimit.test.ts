import { delay, from, NEVER, of, startWith, Subject, type Observable } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { concurrencyLimit, type ConcurrencyLimitOptions } from '../../operators/concurrencyLimit.js';
import { createLimiter } from '../../operators/createLimiter.js';
import type { ProjectionContext } from '../../operators/pool/job.js';
import { OptionsError, QueueFullError } from '../../src/errors.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { marbles } from './marbles.js';
import { operatorContract, type OperatorUnderTest } from './operatorContract.js';
import { record } from './recording.js';
import { promises } from './virtualClock.js';

const onALimiter = (): Limiter => createLimiter({ limits: [concurrency({ limit: 2 })] });
const contract = (options: () => ConcurrencyLimitOptions<string>): OperatorUnderTest => ({
  make: () => concurrencyLimit((value: string) => of(value), options()),
  projecting: (work) => concurrencyLimit(work, options()),
  throwing: { project: (fail) => concurrencyLimit(fail, options()) },
});

operatorContract(
  'concurrencyLimit',
  contract(() => ({ limit: 2 })),
);
operatorContract(
  'concurrencyLimit, in order',
  contract(() => ({ limit: 2, ordered: true })),
);
operatorContract(
  'concurrencyLimit, unbounded',
  contract(() => ({ limit: Infinity })),
);
operatorContract('concurrencyLimit on a shared limiter', {
  ...contract(() => ({ limiter: onALimiter() })),
  throwing: {
    cost: (cost) => concurrencyLimit((value: string) => of(value), { limiter: onALimiter(), cost }),
    key: (key) => concurrencyLimit((value: string) => of(value), { limiter: onALimiter(), key }),
    classify: (classify) =>
      concurrencyLimit(() => Promise.reject(new Error('no')), { limiter: onALimiter(), classify }),
  },
});
operatorContract('concurrencyLimit of work that takes time', {
  make: () => concurrencyLimit((value: string) => of(value).pipe(delay(10)), { limit: 2 }),
  isSynchronous: false,
});

describe('concurrencyLimit', () => {
  it(
    'keeps at most its limit in flight, first in, first out',
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot(' -abc---------|');
      const work = cold('   -----x|');
      const a = '          -^-----!';
      const b = '          --^-----!';
      const c = '          -------^-----!';
      const result = '     ------xx----x|';
      expectObservable(source.pipe(concurrencyLimit(() => work, { limit: 2 }))).toBe(result);
      expectSubscriptions(work.subscriptions).toBe([a, b, c]);
    }),
  );

  describe('of works that overlap', () => {
    const diagrams = { a: '------a|', b: '-b-B|', c: '(c|)' };

    it(
      'gives results as they come',
      marbles(({ hot, cold, expectObservable }) => {
        const work = (key: string): Observable<string> => cold(diagrams[key as 'a']);
        const source = hot('abc|');
        const result = '    --b-Bca|';
        expectObservable(source.pipe(concurrencyLimit(work, { limit: 2 }))).toBe(result);
      }),
    );

    it(
      'gives them in the order of the source where asked to, and holds back no work',
      marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
        const works = { a: cold(diagrams.a), b: cold(diagrams.b), c: cold(diagrams.c) };
        const source = hot('abc|');
        const c = '         -----(^!)';
        const result = '    ------a(bBc|)';
        const work = (key: string): Observable<string> => works[key as 'a'];
        expectObservable(source.pipe(concurrencyLimit(work, { limit: 2, ordered: true }))).toBe(result);
        expectSubscriptions(works.c.subscriptions).toBe(c);
      }),
    );
  });

  it(
    'passes an error of any work at once; all else is unsubscribed from',
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const works = { a: cold('--#'), b: cold('------b|'), c: cold('c|') };
      const source = hot(' abc------|');
      const subscribed = ' ^-!';
      const b = '          -^!';
      const result = '     --#';
      const work = (key: string): Observable<string> => works[key as 'a'];
      expectObservable(source.pipe(concurrencyLimit(work, { limit: 2 }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
      expectSubscriptions(works.b.subscriptions).toBe(b);
      expectSubscriptions(works.c.subscriptions).toBe([]);
    }),
  );

  it(
    'passes an error of the source at once',
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot(' ab-#');
      const work = cold('  -----x|');
      const a = '          ^--!';
      const result = '     ---#';
      expectObservable(source.pipe(concurrencyLimit(() => work, { limit: 1 }))).toBe(result);
      expectSubscriptions(work.subscriptions).toBe(a);
    }),
  );

  it(
    'stops its work and drops what waits as it is unsubscribed from',
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const source = hot('   abc-------');
      const unsubscribed = ' --------!';
      const work = cold('    -----x|');
      const a = '            ^-----!';
      const b = '            ------^-!';
      const result = '       -----x---';
      expectObservable(source.pipe(concurrencyLimit(() => work, { limit: 1 })), unsubscribed).toBe(result);
      expectSubscriptions(work.subscriptions).toBe([a, b]);
    }),
  );

  it(
    'shares a limiter that it is given, in the order in which items came',
    marbles(({ hot, cold, expectObservable, expectSubscriptions }) => {
      const limiter = createLimiter({ limits: [concurrency({ limit: 1 })] });
      const left = hot('   a-c-------|');
      const right = hot('  -b--------|');
      const leftWork = cold(' ---x|');
      const rightWork = cold('---y|');
      const [a, b, c] = ['^---!', '----^---!', '--------^---!'];
      expectObservable(left.pipe(concurrencyLimit(() => leftWork, { limiter }))).toBe('  ---x-------x|');
      expectObservable(right.pipe(concurrencyLimit(() => rightWork, { limiter }))).toBe('-------y--|');
      expectSubscriptions(leftWork.subscriptions).toBe([a, c]);
      expectSubscriptions(rightWork.subscriptions).toBe(b);
    }),
  );

  it(
    'keeps the other limits of its limiter, from the end of the work on',
    marbles(({ cold, expectObservable }) => {
      const limiter = createLimiter({
        limits: [concurrency({ limit: 5 }), slidingWindow({ limit: 1, intervalMs: 3 })],
      });
      const source = cold('(ab|)');
      const work = cold('  --(x|)');
      const result = '     --x----(x|)';
      expectObservable(source.pipe(concurrencyLimit(() => work, { limiter }))).toBe(result);
    }),
  );

  describe('with a bounded queue', () => {
    it.each([
      { overflow: 'drop-oldest', result: '---a---c---d|', error: undefined },
      { overflow: 'drop-newest', result: '---a---b---c|', error: undefined },
      { overflow: 'error', result: '      ---#', error: new QueueFullError(2) },
    ] as const)('keeps to the policy $overflow', ({ overflow, result, error }) => {
      marbles(({ hot, cold, expectObservable }) => {
        const source = hot('abcd|');
        const work = (key: string): Observable<string> => cold(`---${key}|`);
        const limited = source.pipe(concurrencyLimit(work, { limit: 1, queue: { maxSize: 2, overflow } }));
        expectObservable(limited).toBe(result, undefined, error);
      })();
    });
  });

  it('completes where the last that it waited for is dropped by a shared limiter', () => {
    const limits = [concurrency({ limit: 1 })];
    const limiter = createLimiter({ limits, queue: { maxSize: 1, overflow: 'drop-oldest' } });
    record(
      NEVER.pipe(
        startWith('holds the slot'),
        concurrencyLimit(() => NEVER, { limiter }),
      ),
    );
    const recording = record(of('a').pipe(concurrencyLimit((value) => of(value), { limiter })));
    record(of('b').pipe(concurrencyLimit((value) => of(value), { limiter })));
    expect(recording).toMatchObject({ values: [], end: '|' });
  });

  it('tells its projection the value and its number', () => {
    const project = vi.fn((value: string, _index: number, _context: ProjectionContext) => of(value));
    record(of('a', 'b').pipe(concurrencyLimit(project, { limit: 1 })));
    expect(project.mock.calls.map(([value, index]) => [value, index])).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
  });

  it('releases a permit before the result of a promise is emitted', async () => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 1 })] });
    const active: number[] = [];
    of('a', 'b')
      .pipe(concurrencyLimit((value) => Promise.resolve(value), { limiter }))
      .subscribe(() => active.push(limiter.active));
    await promises();
    expect(active).toEqual([0, 0]);
  });

  it('completes five thousand synchronous works behind an asynchronous one', async () => {
    const recording = record(
      from(Array.from({ length: 5_001 }, (_, index) => index)).pipe(
        concurrencyLimit((index) => (index === 0 ? Promise.resolve(0) : of(index)), { limit: 1 }),
      ),
    );
    await promises();
    expect(recording.end).toBe('|');
    expect(recording.values).toHaveLength(5_001);
  });

  it.each([
    { what: 'a count of its own', options: (): ConcurrencyLimitOptions<number> => ({ limit: 1 }) },
    {
      what: 'a shared limiter',
      options: () => ({ limiter: createLimiter({ limits: [concurrency({ limit: 1 })] }) }),
    },
    { what: 'an order to keep', options: () => ({ limit: 1, ordered: true }) },
  ])('passes a hundred thousand synchronous values by $what', ({ options }) => {
    const values = Array.from({ length: 100_000 }, (_, index) => index);
    const recording = record(from(values).pipe(concurrencyLimit((index) => of(index), options())));
    expect(recording.end).toBe('|');
    expect(recording.values).toEqual(values);
  });

  it('passes a hundred thousand values that each bring the next', () => {
    const source = new Subject<number>();
    let last = -1;
    source.pipe(concurrencyLimit((index) => of(index), { limit: 1 })).subscribe((index) => {
      last = index;
      if (index < 99_999) source.next(index + 1);
    });
    source.next(0);
    expect(last).toBe(99_999);
  });

  it.each<[string, ConcurrencyLimitOptions<string>]>([
    ['no limit at all', {}],
    ['a limit of 0', { limit: 0 }],
    ['a limit below 0', { limit: -1 }],
    ['a limit that is no integer', { limit: 2.5 }],
    ['a limit beside a limiter', { limit: 1, limiter: onALimiter() }],
    ['a cost without a limiter', { limit: 1, cost: () => 2 }],
    ['a queue beside a limiter', { limiter: onALimiter(), queue: { maxSize: 1 } }],
    ['a name that is none of its options', { limit: 1, order: true } as ConcurrencyLimitOptions<string>],
  ])('refuses %s', (_, options) => {
    expect(() => concurrencyLimit((value: string) => of(value), options)).toThrow(OptionsError);
  });
});
