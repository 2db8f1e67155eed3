import { of, Subject, tap, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { rateLimit, type RateLimitOptions } from '../../operators/rateLimit.js';
import { CostOverCapacityError, OptionsError, QueueFullError } from '../../src/errors.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { marbles } from './marbles.js';
import { operatorContract } from './operatorContract.js';
import { record } from './recording.js';
import { VirtualClock } from './virtualClock.js';

operatorContract('rateLimit', {
  make: () => rateLimit({ limit: 3, intervalMs: 10 }),
  throwing: { cost: (cost) => rateLimit({ limit: 3, intervalMs: 10, cost }) },
});
operatorContract('rateLimit, evenly', {
  make: () => rateLimit({ limit: 3, intervalMs: 9, spacing: 'even' }),
  isSynchronous: false,
});
operatorContract('rateLimit on a shared limiter', {
  make: () => rateLimit({ limiter: createLimiter({ limits: [slidingWindow({ limit: 3, intervalMs: 10 })] }) }),
});

describe('rateLimit', () => {
  it(
    'lets no window see more than its limit, and is never later than that needs',
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source = hot('    -abcd-------|');
      const subscribed = '    ^-----------!';
      const result = '        -ab---cd----|';
      expectObservable(source.pipe(rateLimit({ limit: 2, intervalMs: 5 }))).toBe(result);
      expectSubscriptions(source.subscriptions).toBe(subscribed);
    }),
  );

  it(
    'completes once what waits is through',
    marbles(({ hot, expectObservable }) => {
      const source = hot('-(abc|)');
      const result = '    -a--b--(c|)';
      expectObservable(source.pipe(rateLimit({ limit: 1, intervalMs: 3 }))).toBe(result);
    }),
  );

  it(
    'measures each window from the values that passed, not from a grid',
    marbles(({ hot, expectObservable }) => {
      const source = hot('a---bcd---|');
      const result = '    a---bc---d|';
      expectObservable(source.pipe(rateLimit({ limit: 2, intervalMs: 5 }))).toBe(result);
    }),
  );

  it(
    'spaces evenly where asked to, without a burst',
    marbles(({ hot, expectObservable }) => {
      const source = hot('-abcd------e|');
      const result = '    -a--b--c--d--(e|)';
      expectObservable(source.pipe(rateLimit({ limit: 2, intervalMs: 6, spacing: 'even' }))).toBe(result);
    }),
  );

  it(
    'counts costs, in the order of arrival: a cheap value does not overtake a dear one',
    marbles(({ hot, expectObservable }) => {
      const source = hot('-(213)------|');
      const result = '    -(21)-3-----|';
      expectObservable(source.pipe(rateLimit({ limit: 3, intervalMs: 5, cost: Number }))).toBe(result);
    }),
  );

  it(
    'passes an error of the source at once, and what waits is given up',
    marbles(({ hot, expectObservable }) => {
      const source = hot('-(abc)-#');
      const result = '    -a-----#';
      expectObservable(source.pipe(rateLimit({ limit: 1, intervalMs: 20 }))).toBe(result);
    }),
  );

  it(
    'has a budget for each subscription',
    marbles(({ cold, expectObservable }) => {
      const limited = cold('(ab|)').pipe(rateLimit({ limit: 1, intervalMs: 4 }));
      expectObservable(limited).toBe('                 a---(b|)');
      expectObservable(limited, '            --^').toBe(' --a---(b|)');
    }),
  );

  it(
    'shares a limiter that it is given, in the order in which values came',
    marbles(({ hot, expectObservable }) => {
      const limiter = createLimiter({ limits: [slidingWindow({ limit: 1, intervalMs: 3 })] });
      const left = hot('  a-b------|');
      const right = hot(' -c-d-----|');
      expectObservable(left.pipe(rateLimit({ limiter }))).toBe(' a-----b--|');
      expectObservable(right.pipe(rateLimit({ limiter }))).toBe('---c-----(d|)');
    }),
  );

  it(
    'gives the places of an unsubscribed stream back to the others',
    marbles(({ hot, expectObservable }) => {
      const limiter = createLimiter({ limits: [slidingWindow({ limit: 1, intervalMs: 3 })] });
      const left = hot('  (abc)');
      const right = hot(' -d-------|');
      expectObservable(left.pipe(rateLimit({ limiter })), '  --!').toBe('a--');
      expectObservable(right.pipe(rateLimit({ limiter }))).toBe('        ---d-----|');
    }),
  );

  describe('with a bounded queue', () => {
    const options = { limit: 1, intervalMs: 3 };

    it(
      'drops the oldest that waits',
      marbles(({ hot, expectObservable }) => {
        const source = hot('(abcd|)');
        const result = '    a--c--(d|)';
        const queue = { maxSize: 2, overflow: 'drop-oldest' } as const;
        expectObservable(source.pipe(rateLimit({ ...options, queue }))).toBe(result);
      }),
    );

    it(
      'drops the newest',
      marbles(({ hot, expectObservable }) => {
        const source = hot('(abcd|)');
        const result = '    a--b--(c|)';
        const queue = { maxSize: 2, overflow: 'drop-newest' } as const;
        expectObservable(source.pipe(rateLimit({ ...options, queue }))).toBe(result);
      }),
    );

    it(
      'errors unless it is told otherwise',
      marbles(({ hot, expectObservable }) => {
        const source = hot('a-bcd|');
        const result = '    a--b#';
        expectObservable(source.pipe(rateLimit({ ...options, queue: { maxSize: 1 } }))).toBe(
          result,
          undefined,
          new QueueFullError(1),
        );
      }),
    );
  });

  it('errors for a value that could never pass, with the figures', () => {
    const { values, error } = record(of(1, 4, 1).pipe(rateLimit({ limit: 3, intervalMs: 10, cost: (it) => it })));
    expect(values).toEqual([1]);
    expect(error).toBeInstanceOf(CostOverCapacityError);
    expect(error).toMatchObject({ cost: 4, capacity: 3 });
  });

  it('follows fake timers', () => {
    vi.useFakeTimers();
    const { timeline } = record(of('a', 'b', 'c').pipe(rateLimit({ limit: 1, intervalMs: 60_000 })), () => Date.now());
    const startMs = Date.now();
    vi.runAllTimers();
    vi.useRealTimers();
    expect(timeline.map(([atMs]) => atMs - startMs)).toEqual([0, 60_000, 120_000]);
  });

  it('follows a scheduler that it is given', () => {
    const scheduler = new VirtualTimeScheduler();
    const limited = of('a', 'b', 'c').pipe(rateLimit({ limit: 1, intervalMs: 60_000, scheduler }));
    const { timeline } = record(limited, () => scheduler.now());
    scheduler.flush();
    expect(timeline.map(([atMs]) => atMs)).toEqual([0, 60_000, 120_000]);
  });

  it('follows a clock that it is given', () => {
    const clock = new VirtualClock();
    const limited = of('a', 'b', 'c').pipe(rateLimit({ limit: 1, intervalMs: 60_000, clock }));
    const { timeline } = record(limited, () => clock.now());
    clock.drain();
    expect(timeline.map(([atMs]) => atMs)).toEqual([0, 60_000, 120_000]);
  });

  it('waits out an interval that no timer can hold', () => {
    vi.useFakeTimers();
    const monthMs = 30 * 86_400_000;
    const recording = record(of('a', 'b').pipe(rateLimit({ limit: 1, intervalMs: monthMs })));
    vi.advanceTimersByTime(monthMs - 1);
    expect(recording.values).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(recording.values).toEqual(['a', 'b']);
    vi.useRealTimers();
  });

  it('completes where the last that it waited for is dropped by a shared limiter', () => {
    const clock = new VirtualClock();
    const limits = [slidingWindow({ limit: 1, intervalMs: 1_000 })];
    const limiter = createLimiter({ limits, clock, queue: { maxSize: 1, overflow: 'drop-oldest' } });
    const recording = record(of('a', 'b').pipe(rateLimit({ limiter })));
    record(of('c').pipe(rateLimit({ limiter })));
    expect(recording).toMatchObject({ values: ['a'], end: '|' });
  });

  it('passes a value on that completes the source on its way down', () => {
    const source = new Subject<string>();
    const completing = tap<string>((value) => {
      if (value === 'b') source.complete();
    });
    const recording = record(source.pipe(rateLimit({ limit: 2, intervalMs: 10 }), completing));
    source.next('a');
    source.next('b');
    expect(recording).toMatchObject({ values: ['a', 'b'], end: '|' });
  });

  it('takes nothing from a shared limiter for a value that comes while it is being disposed of', () => {
    const limiter = createLimiter({
      limits: [slidingWindow({ limit: 2, intervalMs: 1_000 })],
      clock: new VirtualClock(),
    });
    const left = new Subject<number>();
    const { subscription } = record(left.pipe(rateLimit({ limiter, cost: (it) => it })));
    left.next(1);
    left.next(2);
    const right = of('one').pipe(rateLimit({ limiter }));
    right.subscribe(() => left.next(2));
    subscription.unsubscribe();
    expect(limiter.waiting).toBe(0);
  });

  it('spends nothing of a shared limiter on a value that could pass only as others of its stream leave', async () => {
    const window = slidingWindow({ limit: 3, intervalMs: 1_000 });
    const limiter = createLimiter({ limits: [window], clock: new VirtualClock() });
    const [first, second] = await Promise.all([limiter.acquire(), limiter.acquire({ cost: 2 })]);
    const source = new Subject<number>();
    const recording = record(source.pipe(rateLimit({ limiter, cost: (it) => it, priority: (it) => it })));
    source.next(1);
    source.next(3);
    window.update({ limit: 4 });
    recording.subscription.unsubscribe();
    expect([recording.values, limiter.waiting, window.usage(0).used]).toEqual([[], 0, 3]);
    first.release();
    second.release();
  });

  it('lets a burst go where it is told to', () => {
    const recording = record(of('a', 'b').pipe(rateLimit({ limit: 2, intervalMs: 10, spacing: 'burst' })));
    expect(recording.values).toEqual(['a', 'b']);
  });

  const either = 'give either limit and intervalMs, or a limiter';
  it.each<[string, RateLimitOptions<string>, string?]>([
    ['nothing to keep to', {}, either],
    ['half of a rate', { limit: 3 }, either],
    ['a limit of 0', { limit: 0, intervalMs: 10 }],
    ['a limit that is no integer', { limit: 1.5, intervalMs: 10 }],
    ['an interval of 0', { limit: 1, intervalMs: 0 }],
    ['an endless interval', { limit: 1, intervalMs: Infinity }],
    ['a rate beside a limiter', { limiter: createLimiter({ limits: [] }), limit: 3, intervalMs: 10 }, either],
    ['half of a rate beside a limiter', { limiter: createLimiter({ limits: [] }), limit: 3 }, either],
    [
      'a spacing beside a limiter',
      { limiter: createLimiter({ limits: [] }), spacing: 'even' },
      'give evenly() to createLimiter',
    ],
    [
      'a queue beside a limiter',
      { limiter: createLimiter({ limits: [] }), queue: { maxSize: 3 } },
      'give queue to createLimiter',
    ],
    ['a queue of nothing', { limit: 1, intervalMs: 10, queue: { maxSize: 0 } }],
    ['a name that is none of its options', { limit: 1, intervalMs: 10, interval: 10 } as RateLimitOptions<string>],
  ])('refuses %s', (_, options, says = 'rateLimit') => {
    expect(() => rateLimit(options)).toThrow(OptionsError);
    expect(() => rateLimit(options)).toThrow(says);
  });
});
