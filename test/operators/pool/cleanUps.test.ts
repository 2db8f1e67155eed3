import {
  config,
  finalize,
  map,
  NEVER,
  Observable,
  of,
  Subject,
  UnsubscriptionError,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { concurrencyLimit, type ConcurrencyLimitOptions } from '../../../operators/concurrencyLimit.js';
import { createLimiter } from '../../../operators/createLimiter.js';
import { pullFrom } from '../../../operators/pullFrom.js';
import { rateLimit } from '../../../operators/rateLimit.js';
import type { Limiter } from '../../../src/limiter/limiter.js';
import { slidingWindow } from '../../../src/limits/slidingWindow.js';
import { slots } from '../pullFromSources.js';
import { record } from '../recording.js';
import { promises, VirtualClock } from '../virtualClock.js';

describe('work that cleans up after itself', () => {
  /** Says when each of its works begins and has cleaned up. */
  function watched(log: string[]): (work: Subject<string>, index: number) => Observable<string> {
    return (work, index) =>
      new Observable((subscriber) => {
        log.push(`${index} begins`);
        subscriber.add(work.subscribe(subscriber));
        return () => log.push(`${index} is gone`);
      });
  }

  it.each<[string, () => ConcurrencyLimitOptions<unknown>]>([
    ['one of its own', () => ({ limit: 1 })],
    ['a limiter', () => ({ limiter: slots(1) })],
  ])('counts in a limit until then: %s', (_, options) => {
    const log: string[] = [];
    const [first, second] = [new Subject<string>(), new Subject<string>()];
    record(of(first, second).pipe(concurrencyLimit(watched(log), options())));
    first.complete();
    expect(log).toEqual(['0 begins', '0 is gone', '1 begins']);
  });

  it('counts until then for others of its limiter too, where it fails', () => {
    const log: string[] = [];
    const [first, second] = [new Subject<string>(), new Subject<string>()];
    const limiter = slots(1);
    const failing = record(of(first).pipe(concurrencyLimit(watched(log), { limiter })));
    record(of(second).pipe(concurrencyLimit((work) => watched(log)(work, 1), { limiter })));
    const error = new Error('of the work');
    first.error(error);
    expect(log).toEqual(['0 begins', '0 is gone', '1 begins']);
    expect(failing).toMatchObject({ end: '#', error });
  });
});

describe('a clean-up further down that throws as its stream ends', () => {
  const reported = vi.fn();
  const failing = <T>(): MonoTypeOperatorFunction<T> =>
    finalize(() => {
      throw new Error('of the clean-up');
    });
  const broken = (): never => {
    throw new Error('on the way down');
  };

  beforeEach(() => void (config.onUnhandledError = reported));
  afterEach(async () => {
    await vi.waitFor(() => expect(reported).toHaveBeenCalledTimes(1));
    expect(reported).toHaveBeenCalledWith(expect.any(UnsubscriptionError));
    reported.mockReset();
    config.onUnhandledError = null;
  });

  it.each<[string, MonoTypeOperatorFunction<string>]>([
    ['completes', failing()],
    ['fails', (source) => source.pipe(map(broken), failing())],
  ])('holds up nobody else who waits for the rate, where it %s', (_, below) => {
    const clock = new VirtualClock();
    const limiter = createLimiter({ limits: [slidingWindow({ limit: 1, intervalMs: 10 })], clock });
    record(of('a').pipe(rateLimit({ limiter })));
    record(of('b').pipe(rateLimit({ limiter }), below));
    const other = record(of('c', 'd').pipe(rateLimit({ limiter })));
    clock.advance(30);
    expect(other).toMatchObject({ values: ['c', 'd'], end: '|' });
  });

  it.each<[string, () => Promise<string>, MonoTypeOperatorFunction<string>]>([
    ['completes', () => Promise.resolve('a'), failing()],
    ['fails', () => Promise.reject(new Error('of the work')), failing()],
    ['fails further down', () => Promise.resolve('a'), (source) => source.pipe(map(broken), failing())],
  ])('holds up nobody else who waits for a place, where it %s', async (_, work, below) => {
    const limiter = slots(1);
    record(of('a').pipe(concurrencyLimit(work, { limiter }), below));
    const other = record(of('b').pipe(concurrencyLimit((it) => of(it), { limiter })));
    await promises();
    expect(other).toMatchObject({ values: ['b'], end: '|' });
  });

  it.each<[string, (limiter: Limiter) => Observable<unknown>]>([
    ['rateLimit', (limiter) => of('a').pipe(rateLimit({ limiter, cost: () => 2 }))],
    ['concurrencyLimit', (limiter) => of('a').pipe(concurrencyLimit(() => NEVER, { limiter, cost: () => 2 }))],
    ['pullFrom', (limiter) => pullFrom('a', () => NEVER, { limiter, cost: 2 })],
  ])('leaves the limiter alone that gives up what waits: %s', (_, stream) => {
    const limiter = slots(2);
    record(of(NEVER).pipe(concurrencyLimit((it) => it, { limiter })));
    record(stream(limiter).pipe(failing()));
    const other = record(pullFrom('b', (it) => of(it), { limiter }));
    limiter.update({ concurrency: { limit: 1 } });
    limiter.update({ concurrency: { limit: 2 } });
    expect(other).toMatchObject({ values: ['b'], end: '|' });
  });
});
