import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CostOverCapacityError, QueueFullError } from '../../src/errors.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { late, VirtualClock } from '../virtualClock.js';
import { limiterOf, startsOf, Work, workers } from './work.js';

const isAbort = expect.objectContaining({ name: 'AbortError' }) as Error;

function aborter(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

describe('an AbortSignal', () => {
  it('aborted before: nothing starts, nothing is taken', async () => {
    const { limiter } = limiterOf();
    const work = new Work(limiter, { signal: AbortSignal.abort() });
    await expect(work.result).rejects.toEqual(isAbort);
    expect([work.isRunning, limiter.active, limiter.waiting]).toEqual([false, 0, 0]);
  });

  it('aborted in the queue: rejects with its reason, and costs nobody anything', async () => {
    const { limiter } = limiterOf();
    const running = new Work(limiter);
    const controllers = Array.from({ length: 10 }, () => new AbortController());
    const aborted = controllers.map(({ signal }) => new Work(limiter, { signal }));
    const last = new Work(limiter);
    const reason = new Error('changed my mind');
    for (const controller of controllers) controller.abort(reason);
    for (const work of aborted) await expect(work.result).rejects.toBe(reason);
    expect(limiter.waiting).toBe(1);
    await running.succeed();
    expect(last.isRunning).toBe(true);
    expect(aborted.some((work) => work.startedAtMs !== undefined)).toBe(false);
  });

  it('aborted at the head: who stands behind starts at once where that is light enough', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 2 })] });
    workers(1, limiter);
    const { signal, abort } = aborter();
    workers(1, limiter, { cost: 2, signal });
    const light = new Work(limiter);
    expect(light.isRunning).toBe(false);
    abort();
    expect(light.isRunning).toBe(true);
  });

  it('aborted for several at once: none of them starts in the room that another one leaves', async () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 2 })] });
    const running = new Work(limiter);
    const { signal, abort } = aborter();
    const heavy = new Work(limiter, { cost: 2, signal });
    const light = new Work(limiter, { signal });
    const permit = limiter.acquire({ signal });
    abort();
    for (const result of [heavy.result, light.result]) await expect(result).rejects.toEqual(isAbort);
    await expect(permit).rejects.toEqual(isAbort);
    expect([light.isRunning, limiter.active, limiter.waiting]).toEqual([false, 1, 0]);
    await running.succeed();
    expect(limiter.snapshot().limits[0]?.used).toBe(0);
  });

  it('aborted by work that starts as one more comes: that one gives its place up, too', async () => {
    const clock = new VirtualClock({ timerMs: late(1_000) });
    const { limiter } = limiterOf({ limits: [slidingWindow({ limit: 1, intervalMs: 100 })], clock });
    await limiter.run(() => 'the first');
    const { signal, abort } = aborter();
    const second = limiter.run(abort);
    clock.advance(500);
    const third = new Work(limiter, { signal });
    await second;
    await expect(third.result).rejects.toEqual(isAbort);
    expect([limiter.waiting, getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });

  it('aborted while all wait for a time: the wait ends with the last of them, and so does its timer', () => {
    const { limiter, clock } = limiterOf({ limits: [dailyQuota({ limit: 1 })] });
    workers(1, limiter);
    const { signal, abort } = aborter();
    workers(1, limiter, { signal });
    expect(clock.pending).toBe(1);
    abort();
    expect([clock.pending, limiter.waiting]).toEqual([0, 0]);
  });

  it('aborted after the start: the work goes on, and holds its place to its end', async () => {
    const { limiter } = limiterOf();
    const { signal, abort } = aborter();
    const work = new Work(limiter, { signal });
    abort();
    expect([work.isRunning, limiter.active]).toEqual([true, 1]);
    await expect(work.succeed('all the same')).resolves.toBe('all the same');
  });

  it('is not listened to any longer than a place is held', async () => {
    const { signal } = new AbortController();
    const listeners = () => getEventListeners(signal, 'abort').length;
    const { limiter } = limiterOf({ queue: { maxSize: 1 } });
    const running = new Work(limiter, { signal });
    expect(listeners()).toBe(0);
    const waiting = new Work(limiter, { signal });
    expect(listeners()).toBe(1);
    await expect(new Work(limiter, { signal }).result).rejects.toThrow(QueueFullError);
    await expect(new Work(limiter, { signal, cost: 2 }).result).rejects.toThrow(CostOverCapacityError);
    expect(listeners()).toBe(1);
    await running.succeed();
    expect([waiting.isRunning, listeners()]).toEqual([true, 0]);
  });

  it.each(['drop-oldest', 'drop-newest'] as const)(
    "is not listened to after '%s' gave the place up",
    async (overflow) => {
      const { signal } = new AbortController();
      const { limiter } = limiterOf({ queue: { maxSize: 1, overflow } });
      const works = workers(5, limiter, { signal });
      const waiting = works[overflow === 'drop-oldest' ? 4 : 1];
      for (const work of works.slice(1))
        if (work !== waiting) await expect(work.result).rejects.toThrow(QueueFullError);
      expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    },
  );
});

describe('a full queue', () => {
  it("refuses one more with 'error'", async () => {
    const { limiter } = limiterOf({ queue: { maxSize: 2 } });
    const works = workers(4, limiter);
    await expect(works[3]?.result).rejects.toThrow(QueueFullError);
    await expect(works[3]?.result).rejects.toMatchObject({ maxSize: 2, code: 'SLUICE_QUEUE_FULL' });
    expect(limiter.waiting).toBe(2);
  });

  it("gives up the longest waiting with 'drop-oldest'", async () => {
    const { limiter } = limiterOf({ queue: { maxSize: 2, overflow: 'drop-oldest' } });
    const works = workers(5, limiter);
    await expect(works[1]?.result).rejects.toThrow(QueueFullError);
    await expect(works[2]?.result).rejects.toThrow(QueueFullError);
    await works[0]?.succeed();
    expect(works.map(({ isRunning }) => isRunning)).toEqual([false, false, false, true, false]);
  });

  it("gives up the newcomer with 'drop-newest'", async () => {
    const { limiter } = limiterOf({ queue: { maxSize: 2, overflow: 'drop-newest' } });
    const works = workers(5, limiter);
    await expect(works[3]?.result).rejects.toThrow(QueueFullError);
    await expect(works[4]?.result).rejects.toThrow(QueueFullError);
    expect(limiter.waiting).toBe(2);
    await works[0]?.succeed();
    expect(works[1]?.isRunning).toBe(true);
  });

  it('is not full while work can start', async () => {
    const { limiter } = limiterOf({ queue: { maxSize: 1 } });
    for (let count = 0; count < 5; count++) await expect(limiter.run(() => count)).resolves.toBe(count);
  });
});

describe('limiter.enter, for operators', () => {
  class Bare extends Waiter {
    readonly heard: string[] = [];

    admitted(): void {
      this.heard.push('admitted');
    }

    dropped(): void {
      this.heard.push('dropped');
    }
  }

  it.each<['error' | 'drop-oldest' | 'drop-newest', readonly string[], readonly string[]]>([
    ['error', [], ['thrown']],
    ['drop-newest', [], ['dropped']],
    ['drop-oldest', ['dropped'], []],
  ])(
    "with '%s' tells a waiter at most once that it is given up: by a throw or by dropped()",
    (overflow, old, young) => {
      const { limiter } = limiterOf({ queue: { maxSize: 1, overflow } });
      const [running, oldest, newest] = [new Bare(1), new Bare(1), new Bare(1)];
      limiter.enter(running);
      limiter.enter(oldest);
      try {
        limiter.enter(newest);
      } catch (error) {
        expect(error).toBeInstanceOf(QueueFullError);
        newest.heard.push('thrown');
      }
      expect([running.heard, oldest.heard, newest.heard]).toEqual([['admitted'], old, young]);
      expect([limiter.waiting, oldest.isQueued, newest.isQueued]).toEqual([1, old.length === 0, young.length === 0]);
    },
  );

  it('gives a place up once, and only one that is held', () => {
    const { limiter } = limiterOf();
    const [running, waiting] = [new Bare(1), new Bare(1)];
    limiter.enter(running);
    limiter.enter(waiting);
    expect([limiter.leave(running), limiter.leave(waiting), limiter.leave(waiting)]).toEqual([false, true, false]);
    expect(limiter.leave(new Bare(1))).toBe(false);
    expect(waiting.heard).toEqual([]);
  });
});

describe('what a limiter tells', () => {
  it('tells who waits, starts and is dropped, in that order, until it is told to stop', async () => {
    const { limiter, clock } = limiterOf({ queue: { maxSize: 1 } });
    const told: unknown[] = [];
    const stop = limiter.on(({ type, atMs, ...rest }) => told.push([type, atMs, 'waiting' in rest && rest.waiting]));
    const works = workers(3, limiter);
    clock.advance(70);
    await works[0]?.succeed();
    expect(told).toEqual([
      ['admitted', 0, 0],
      ['waiting', 0, 1],
      ['waiting', 0, 2],
      ['dropped', 0, 1],
      ['admitted', 70, 0],
    ]);
    stop();
    await works[1]?.succeed();
    await limiter.run(() => 'unheard');
    expect(told).toHaveLength(5);
  });
});

describe('the order of starts', () => {
  it('is the order of arrival over time', () => {
    const { limiter, clock } = limiterOf({
      limits: [slidingWindow({ limit: 2, intervalMs: 100, countUntil: 'start' })],
    });
    const works = workers(6, limiter);
    clock.drain();
    expect(startsOf(works)).toEqual([0, 0, 100, 100, 200, 200]);
  });
});

describe('a full queue, found from within work that starts', () => {
  it('takes who can start right after, and refuses only the rest', async () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3 })], queue: { maxSize: 1 } });
    const nested: Promise<unknown>[] = [];
    const never = (): Promise<never> => new Promise(() => undefined);
    await limiter.run(() => {
      for (let i = 0; i < 5; i++) nested.push(limiter.run(never).catch((error: unknown) => error));
    });
    expect([limiter.active, limiter.waiting]).toEqual([3, 1]);
    expect(await nested[4]).toBeInstanceOf(QueueFullError);
  });
});
