import { concat, concatMap, defer, NEVER, Observable, of, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { rateLimit } from '../../operators/rateLimit.js';
import { retryWithJitter, type RetryWithJitterOptions } from '../../operators/retryWithJitter.js';
import type { LimiterOptions } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import type { Refusal } from '../../src/refusal.js';
import { operatorContract } from './operatorContract.js';
import { record } from './recording.js';
import { refusalOf, Refused } from './refused.js';
import { VirtualClock } from './virtualClock.js';

operatorContract('retryWithJitter through a limiter', {
  make: () => retryWithJitter({ maxRetries: 0, limiter: createLimiter({ limits: [concurrency({ limit: 2 })] }) }),
  throwing: {
    classify: (classify) => (source) =>
      source.pipe(
        concatMap(() => throwError(() => new Error('no'))),
        retryWithJitter({ limiter: createLimiter({ limits: [] }), classify }),
      ),
  },
});

/** Tries that are refused in turn, and then one that is not; `atMs` are their instants. */
function playing(script: readonly (Refusal | Refusal['meaning'])[], limits: Partial<LimiterOptions> = {}) {
  const clock = new VirtualClock();
  const limiter: Limiter = createLimiter({ limits: [], random: () => 0, ...limits, clock });
  const atMs: number[] = [];
  const active: number[] = [];
  const source = defer((): Observable<string> => {
    const refusal = script[atMs.push(clock.now()) - 1];
    active.push(limiter.active);
    return refusal === undefined ? of('made it') : throwError(() => new Refused(refusal));
  });
  const options: RetryWithJitterOptions = { classify: refusalOf, jitter: 'none', limiter, clock };
  return { clock, limiter, atMs, active, tried: source.pipe(retryWithJitter(options)) };
}

describe('retryWithJitter through a limiter', () => {
  it('takes a new permit for each try, and holds it to its end', () => {
    const { clock, limiter, atMs, active, tried } = playing(['transient', 'transient'], {
      limits: [concurrency({ limit: 1 }), slidingWindow({ limit: 1, intervalMs: 5_000 })],
    });
    const recording = record(tried);
    clock.drain();
    expect(recording).toMatchObject({ values: ['made it'], end: '|' });
    expect(atMs).toEqual([0, 5_000, 10_000]);
    expect(active).toEqual([1, 1, 1]);
    expect(limiter.active).toBe(0);
  });

  it('asks what each error means once', () => {
    const { clock, limiter } = playing([]);
    const classify = vi.fn(() => 'transient' as const);
    const error = new Error('the same each time');
    const failing = throwError(() => error);
    const recording = record(failing.pipe(retryWithJitter({ maxRetries: 2, classify, limiter, clock })));
    clock.drain();
    expect([recording.error, classify.mock.calls.length]).toEqual([error, 3]);
  });

  it('asks what it means, too, that an error is nothing at all', () => {
    const { clock, limiter } = playing([]);
    const classify = vi.fn(() => 'invalid' as const);
    const recording = record(
      new Observable((subscriber) => subscriber.error()).pipe(retryWithJitter({ classify, clock })),
    );
    expect([recording.end, classify.mock.calls.length, limiter.active]).toEqual(['#', 1, 0]);
  });

  it('errors at once as the classifier throws, which is not asked what that means', () => {
    const { clock, limiter } = playing([]);
    const mistake = new Error('of the classifier');
    const unknown = new Error('of nobody knows what');
    const classify = vi.fn((error: unknown) => {
      if (error === unknown) throw mistake;
      return 'transient' as const;
    });
    const failing = throwError(() => unknown);
    const recording = record(failing.pipe(retryWithJitter({ classify, limiter, clock })));
    expect([recording.error, classify.mock.calls.length, limiter.active]).toEqual([mistake, 1, 0]);
  });

  it('holds none while it waits', () => {
    const { clock, limiter, tried } = playing(['transient']);
    record(tried);
    clock.advance(500);
    expect(limiter.active).toBe(0);
  });

  it('cools everybody down where it is too fast', () => {
    const { clock, limiter, tried } = playing([{ meaning: 'too-fast', hintMs: 9_000 }]);
    record(tried);
    const other = record(concat(of('other'), NEVER).pipe(rateLimit({ limiter })), () => clock.now());
    clock.drain();
    expect(other.timeline).toEqual([[9_000, 'other']]);
  });

  it('gives up with the error at hand once the retry budget is used up', () => {
    const { clock, limiter, atMs, tried } = playing(['transient', 'transient', 'transient'], {
      retryBudget: { ratio: 0, reserve: 2 },
    });
    const recording = record(tried);
    clock.drain();
    expect(atMs).toEqual([0, 1_000, 3_000]);
    expect(recording.error).toEqual(new Refused('transient'));
    expect(limiter.retryBudget?.snapshot()).toEqual({ requests: 1, retries: 2, refused: 1, available: 0 });
  });

  it('asks no budget where it waits for a slot', () => {
    const { clock, tried } = playing(['no-slot', 'no-slot'], { retryBudget: { ratio: 0, reserve: 1 } });
    const recording = record(tried);
    clock.drain();
    expect(recording).toMatchObject({ values: ['made it'], end: '|' });
  });

  it('leaves the budget alone where it would not try again anyway', () => {
    const { clock, limiter, tried } = playing(['policy'], { retryBudget: { ratio: 0, reserve: 1 } });
    record(tried);
    clock.drain();
    expect(limiter.retryBudget?.snapshot()).toMatchObject({ retries: 0, refused: 0 });
  });
});
