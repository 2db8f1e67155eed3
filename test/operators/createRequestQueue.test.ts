import { config } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { createRequestQueue, type RequestQueue, type RequestQueueOptions } from '../../operators/createRequestQueue.js';
import { OptionsError } from '../../src/errors.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { record } from './recording.js';
import { promises, VirtualClock } from './virtualClock.js';

describe('createRequestQueue', () => {
  let clock: VirtualClock;
  let sentAtMs: number[];
  beforeEach(() => {
    clock = new VirtualClock();
    sentAtMs = [];
  });

  /** Answers each request with itself in capitals; `no` is refused. */
  function queueOf(options: Partial<RequestQueueOptions<string, string>> = {}): RequestQueue<string, string> {
    const send = (request: string): string => {
      sentAtMs.push(clock.now());
      if (request.startsWith('no')) throw new Error(request);
      return request.toUpperCase();
    };
    return createRequestQueue({ send, clock, ...options });
  }

  it('sends first in, first out, one each 60 / maxPerMinute seconds', async () => {
    const queue = queueOf({ maxPerMinute: 20 });
    const answers = ['a', 'b', 'c', 'd'].map((request) => queue.enqueue(request));
    expect(queue.waiting).toBe(3);
    await clock.settle();
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C', 'D']);
    expect(sentAtMs).toEqual([0, 3_000, 6_000, 9_000]);
    expect(queue.waiting).toBe(0);
  });

  it('sends 30 a minute unless it is told otherwise', async () => {
    const queue = queueOf();
    void queue.enqueue('a');
    void queue.enqueue('b');
    await clock.settle();
    expect(sentAtMs).toEqual([0, 2_000]);
  });

  it('sends at once what comes after a pause, without saving up for a burst', async () => {
    const queue = queueOf();
    void queue.enqueue('a');
    await clock.settle(60_000);
    void queue.enqueue('b');
    void queue.enqueue('c');
    await clock.settle();
    expect(sentAtMs).toEqual([0, 60_000, 62_000]);
  });

  it('calls back with the response, or with the error', async () => {
    const queue = queueOf();
    const callback = vi.fn();
    void queue.enqueue('a', callback);
    void queue.enqueue('no', callback);
    void queue.enqueue('c', callback);
    await clock.settle();
    expect(callback.mock.calls).toEqual([
      ['A', undefined],
      [undefined, new Error('no')],
      ['C', undefined],
    ]);
  });

  it('streams every outcome from the subscription on, as requests end', async () => {
    const queue = queueOf({
      send: (request) =>
        new Promise((resolve) => clock.schedule(request === 'slow' ? 9_000 : 0, () => resolve(request))),
    });
    void queue.enqueue('before');
    await clock.settle(10);
    const { values } = record(queue.results$);
    const recording = record(queue.results$);
    void queue.enqueue('slow');
    void queue.enqueue('quick');
    await clock.settle();
    expect(values).toEqual([]);
    expect(recording.values).toEqual([
      { request: 'quick', status: 'fulfilled', value: 'quick' },
      { request: 'slow', status: 'fulfilled', value: 'slow' },
    ]);
    expect(recording.end).toBe('');
  });

  it('rejects as the request does, and the rest goes on', async () => {
    const queue = queueOf();
    const [first, second] = [queue.enqueue('no'), queue.enqueue('b')];
    const said = vi.fn();
    first.catch(said);
    await clock.settle();
    expect(said).toHaveBeenCalledWith(new Error('no'));
    expect(await second).toBe('B');
  });

  it('shares a limiter that it is given', async () => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], clock });
    const permit = await limiter.acquire();
    const queue = queueOf({ limiter });
    const answer = queue.enqueue('a');
    await clock.settle(1_000);
    expect(sentAtMs).toEqual([]);
    permit.release();
    expect(await answer).toBe('A');
  });

  describe('and nobody who catches', () => {
    const unhandled = vi.fn();
    beforeEach(() => void process.on('unhandledRejection', unhandled.mockClear()));
    afterEach(() => void process.off('unhandledRejection', unhandled));

    it.each<[string, (queue: RequestQueue<string, string>) => unknown]>([
      ['a callback', (queue) => queue.enqueue('no', () => undefined)],
      ['the stream', (queue) => [record(queue.results$), queue.enqueue('no')]],
      ['neither', (queue) => queue.enqueue('no')],
    ])('leaves no rejection unhandled where only %s is used', async (_, use) => {
      use(queueOf());
      await clock.settle();
      await promises();
      expect(unhandled).not.toHaveBeenCalled();
    });

    it('reports what a callback throws as RxJS does; the stream, the promise and the rest go on', async () => {
      const reported = vi.fn();
      config.onUnhandledError = reported;
      const error = new Error('of the callback');
      const queue = queueOf();
      const recording = record(queue.results$);
      const failing = (): never => {
        throw error;
      };
      const answers = [queue.enqueue('a', failing), queue.enqueue('no', failing), queue.enqueue('c')];
      await clock.settle();
      await vi.waitFor(() => expect(reported).toHaveBeenCalledTimes(2));
      config.onUnhandledError = null;
      expect(reported.mock.calls).toEqual([[error], [error]]);
      expect(recording.values.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await answers[0]).toBe('A');
      expect(await answers[2]).toBe('C');
      expect(unhandled).not.toHaveBeenCalled();
    });
  });

  it('follows fake timers', async () => {
    vi.useFakeTimers();
    const startMs = Date.now();
    const atMs: number[] = [];
    const queue = createRequestQueue({ send: () => atMs.push(Date.now() - startMs), maxPerMinute: 60 });
    for (const request of ['a', 'b', 'c']) void queue.enqueue(request);
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    expect(atMs).toEqual([0, 1_000, 2_000]);
  });

  it.each<[string, Partial<RequestQueueOptions<string, string>>]>([
    ['nothing to send with', { send: undefined as unknown as () => string }],
    ['a pace of nothing', { maxPerMinute: 0 }],
    ['a name that is none of its options', { perMinute: 3 } as Partial<RequestQueueOptions<string, string>>],
  ])('refuses %s', (_, options) => {
    expect(() => queueOf(options)).toThrow(OptionsError);
  });
});
