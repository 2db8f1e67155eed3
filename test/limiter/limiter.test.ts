import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { CostOverCapacityError, OptionsError } from '../../src/errors.js';
import type { Cost } from '../../src/limiter/cost.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { limiterOf, Work, workers } from './work.js';

describe('limiter.run', () => {
  it('starts at once, synchronously, where the limits let it', () => {
    const { limiter } = limiterOf();
    const work = new Work(limiter);
    expect(work.isRunning).toBe(true);
    expect([limiter.active, limiter.waiting]).toEqual([1, 0]);
  });

  it('gives the result of the work, or its error, and its place to the next', async () => {
    const { limiter } = limiterOf();
    const [first, second, third] = [new Work(limiter), new Work(limiter), new Work(limiter)];
    expect([limiter.active, limiter.waiting]).toEqual([1, 2]);
    await expect(first.succeed('a video')).resolves.toBe('a video');
    expect([first.isRunning, second.isRunning, third.isRunning]).toEqual([false, true, false]);
    const error = new Error('no video');
    await expect(second.fail(error)).resolves.toBe(error);
    expect(third.isRunning).toBe(true);
    await third.succeed();
    expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
  });

  it('gives the place back before the result', async () => {
    const { limiter } = limiterOf();
    const first = new Work(limiter);
    const second = new Work(limiter);
    const seen = first.result.then(() => second.isRunning);
    await first.succeed();
    await expect(seen).resolves.toBe(true);
  });

  it('gives the place back where the work throws, or is no promise at all', async () => {
    const { limiter } = limiterOf();
    const error = new Error('thrown');
    await expect(
      limiter.run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
    await expect(limiter.run(() => 7)).resolves.toBe(7);
    await expect(limiter.run(() => null)).resolves.toBeNull();
    const almost = limiter.run(() => ({ then: 'not a promise' }));
    expect(limiter.active).toBe(0);
    await expect(almost).resolves.toEqual({ then: 'not a promise' });
    expect(limiter.active).toBe(0);
  });

  it('ends work once whose promise is ill-behaved and settles twice', async () => {
    const { limiter } = limiterOf();
    const illBehaved = {
      then(resolve: (value: string) => void): never {
        resolve('done');
        throw new Error('and yet');
      },
    } as unknown as PromiseLike<string>;
    await expect(limiter.run(() => illBehaved)).resolves.toBe('done');
    expect(limiter.active).toBe(0);
    expect(limiter.snapshot().limits[0]?.used).toBe(0);
  });

  it('holds the place of a promise that can be called, too', async () => {
    const { limiter } = limiterOf();
    const promise = Promise.resolve('done');
    const callable = Object.assign(() => 'called', { then: promise.then.bind(promise) });
    const result = limiter.run(() => callable);
    expect(limiter.active).toBe(1);
    await expect(result).resolves.toBe('done');
    expect(limiter.active).toBe(0);
  });

  it('starts what has the lowest priority that there is, too', () => {
    const { limiter } = limiterOf();
    const [first, second] = workers(2, limiter, { priority: -Infinity });
    expect([first?.isRunning, second?.isRunning]).toEqual([true, false]);
  });

  it('runs in the asynchronous context of its caller, whoever makes room for it', async () => {
    const user = new AsyncLocalStorage<string>();
    const { limiter } = limiterOf();
    const seen: unknown[] = [];
    const work = async (): Promise<void> => {
      seen.push(user.getStore());
      await Promise.resolve();
      seen.push(user.getStore());
    };
    await Promise.all(['ada', 'bob', 'cy'].map((name) => user.run(name, () => limiter.run(work))));
    expect(seen).toEqual(['ada', 'ada', 'bob', 'bob', 'cy', 'cy']);
  });

  it('keeps the order of arrival, also where later work would fit now', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3 })] });
    const running = new Work(limiter, { cost: 2 });
    const heavy = new Work(limiter, { cost: 3 });
    const light = new Work(limiter, { cost: 1 });
    expect([running.isRunning, heavy.isRunning, light.isRunning]).toEqual([true, false, false]);
  });

  it('needs no stack for work that starts work, however deep', async () => {
    const { limiter } = limiterOf({ limits: [] });
    const nested = (depth: number): Promise<string> => limiter.run(() => (depth === 0 ? 'bottom' : nested(depth - 1)));
    await expect(nested(20_000)).resolves.toBe('bottom');
    expect(limiter.active).toBe(0);
  });

  it('needs no stack for work that ends at once, however much waits', async () => {
    const { limiter } = limiterOf();
    const first = new Work(limiter);
    let ran = 0;
    const rest = Array.from({ length: 20_000 }, () => limiter.run(() => (ran += 1)));
    await first.succeed();
    await Promise.all(rest);
    expect([ran, limiter.active]).toEqual([20_000, 0]);
  });
});

describe('limiter.acquire', () => {
  it('gives a permit that counts until it is released, once', async () => {
    const { limiter } = limiterOf();
    const permit = await limiter.acquire();
    const next = new Work(limiter);
    expect([limiter.active, next.isRunning]).toEqual([1, false]);
    permit.release();
    expect(next.isRunning).toBe(true);
    permit.release();
    permit[Symbol.dispose]();
    expect([limiter.active, limiter.snapshot().limits[0]?.used]).toEqual([1, 1]);
  });

  it('gives it back at the end of a using block', async () => {
    const { limiter } = limiterOf();
    {
      using permit = await limiter.acquire({ cost: 1 });
      expect([permit.cost, limiter.active]).toEqual([1, 1]);
    }
    expect(limiter.active).toBe(0);
  });

  it('serves those who wait one after the other', async () => {
    const { limiter } = limiterOf();
    const order: number[] = [];
    const all = [1, 2, 3].map(async (number) => {
      using permit = await limiter.acquire();
      order.push(number);
      expect([permit.cost, limiter.active]).toEqual([1, 1]);
    });
    await Promise.all(all);
    expect(order).toEqual([1, 2, 3]);
  });
});

describe('costs', () => {
  it('takes all limits at once or none: nobody holds one while waiting for another', () => {
    const limits = [concurrency({ limit: 1 }), slidingWindow({ limit: 5, intervalMs: 1_000, name: 'rate' })];
    const { limiter } = limiterOf({ limits });
    workers(2, limiter);
    expect(limiter.snapshot().limits.map(({ name, used }) => [name, used])).toEqual([
      ['concurrency', 1],
      ['rate', 1],
    ]);
  });

  it('counts one figure in every limit, or one by the name of each, and 1 where none is named', () => {
    const limits = [concurrency({ limit: 9 }), dailyQuota({ limit: 66, name: 'credits' })];
    const { limiter } = limiterOf({ limits });
    const used = (cost?: Cost): number[] => {
      void limiter.acquire(cost === undefined ? {} : { cost });
      return limiter.snapshot().limits.map((limit) => limit.used);
    };
    expect(used()).toEqual([1, 1]);
    expect(used(2)).toEqual([3, 3]);
    expect(used({ credits: 20 })).toEqual([4, 23]);
    expect(used({ concurrency: 5, credits: 0 })).toEqual([9, 23]);
  });

  it('refuses at once what could never pass, and says the figures', async () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    const refused = limiter.run(() => 'never', { cost: 4 });
    await expect(refused).rejects.toThrow(CostOverCapacityError);
    await expect(refused).rejects.toMatchObject({ limit: 'slots', cost: 4, capacity: 3 });
    await expect(refused).rejects.toThrow('a cost of 4 can never pass the limit "slots", which holds 3');
    await expect(limiter.acquire({ cost: { slots: 4 } })).rejects.toThrow(CostOverCapacityError);
    expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
  });

  it.each([-1, NaN, -Infinity])('refuses a cost of %f: it would give room to others', async (cost) => {
    const { limiter } = limiterOf();
    await expect(limiter.run(() => 'never', { cost })).rejects.toThrow(OptionsError);
    await expect(limiter.run(() => 'never', { cost: { concurrency: cost } })).rejects.toThrow(/concurrency/);
    expect(limiter.snapshot().limits[0]?.used).toBe(0);
  });
});

describe('one signal for many', () => {
  it('should hold one listener, and none once nobody waits', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const { limiter } = limiterOf();
    const controller = new AbortController();
    const held = await limiter.acquire();
    const waiting = Array.from({ length: 100 }, () => limiter.run(() => 1, { signal: controller.signal }));
    controller.abort(new Error('given up'));
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    expect(limiter.waiting).toBe(0);
    held.release();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('should tell those who wait on, though others of them were given up', async () => {
    const { limiter } = limiterOf({ queue: { maxSize: 2, overflow: 'drop-oldest' } });
    const controller = new AbortController();
    const works = workers(4, limiter, { signal: controller.signal });
    await expect(works[1]?.result).rejects.toThrow('the queue holds 2 already');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    const reason = new Error('given up');
    controller.abort(reason);
    for (const waiting of works.slice(2)) await expect(waiting.result).rejects.toBe(reason);
    expect([works[0]?.isRunning, limiter.waiting]).toEqual([true, 0]);
  });

  it('should hold no listener for work that has waited, once it has started or was given up', async () => {
    const { limiter } = limiterOf({
      limits: [concurrency({ limit: 2 })],
      queue: { maxSize: 2, overflow: 'drop-oldest' },
    });
    const { signal } = new AbortController();
    const running = workers(2, limiter);
    const oldest = new Work(limiter, { signal });
    const next = new Work(limiter, { signal });
    const last = limiter.acquire({ signal });
    await expect(oldest.result).rejects.toThrow('already');
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const work of running) await work.succeed();
    expect([next.isRunning, (await last).cost]).toEqual([true, 1]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
