import { describe, expect, it } from 'vitest';
import { CostOverCapacityError } from '../../src/errors.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { limiterOf, Work, workers } from './work.js';

const perMinute = (limit: number) => slidingWindow({ limit, intervalMs: 60_000, name: 'rate', countUntil: 'start' });

describe('limiter.update', () => {
  it('lets who waits go, as a limit is raised', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 1, name: 'slots' })] });
    const works = [new Work(limiter), new Work(limiter), new Work(limiter)];
    limiter.update({ slots: { limit: 2 } });
    expect(works.map(({ isRunning }) => isRunning)).toEqual([true, true, false]);
  });

  it('takes nothing back as it is lowered', async () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    const works = [new Work(limiter), new Work(limiter), new Work(limiter), new Work(limiter)];
    limiter.update({ slots: { limit: 1 } });
    expect(limiter.active).toBe(3);
    await works[0]?.succeed();
    await works[1]?.succeed();
    expect(works[3]?.isRunning).toBe(false);
    await works[2]?.succeed();
    expect(works[3]?.isRunning).toBe(true);
  });

  it('wakes at the new instant where a window is shortened', () => {
    const { limiter, clock } = limiterOf({ limits: [perMinute(1)] });
    new Work(limiter);
    const next = new Work(limiter);
    clock.advance(10_000);
    limiter.update({ rate: { intervalMs: 15_000 } });
    clock.advance(4_999);
    expect(next.isRunning).toBe(false);
    clock.advance(1);
    expect(next.isRunning).toBe(true);
  });

  it('refuses what can never pass any more, and lets those behind it go', async () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    new Work(limiter);
    const heavy = new Work(limiter, { cost: 3 });
    const light = new Work(limiter);
    limiter.update({ slots: { limit: 2 } });
    await expect(heavy.result).rejects.toBeInstanceOf(CostOverCapacityError);
    expect(light.isRunning).toBe(true);
  });

  it('gives nobody up who was taken along by one that it gave up', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    class Heavy extends Waiter {
      drops = 0;
      readonly #along: Waiter | undefined;

      constructor(along?: Waiter) {
        super(3);
        this.#along = along;
      }

      admitted(): void {}

      dropped(): void {
        this.drops++;
        if (this.#along !== undefined) limiter.leave(this.#along);
      }
    }
    new Work(limiter);
    const second = new Heavy();
    const first = new Heavy(second);
    limiter.enter(first);
    limiter.enter(second);
    limiter.update({ slots: { limit: 2 } });
    expect([first.drops, second.drops, limiter.waiting]).toEqual([1, 0, 0]);
  });

  it('lets who waits go by what has changed, where another change is wrong', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 1, name: 'slots' })] });
    const works = workers(3, limiter);
    expect(() => limiter.update({ slots: { limit: 2 }, slotz: { limit: 5 } })).toThrow('slotz');
    expect(works.map(({ isRunning }) => isRunning)).toEqual([true, true, false]);
  });

  it.each([
    [{ nobody: { limit: 2 } }, 'update: no limit "nobody" that can be changed; there is "slots"'],
    [{ slots: { limit: 0 } }, 'update of "slots": limit: too small: expected number to be >=1 (got 0)'],
    [{ slots: { size: 2 } }, 'update of "slots": unrecognized key: "size"'],
  ])('says what is wrong with %j', (changes, message) => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    expect(() => limiter.update(changes)).toThrow(message);
  });
});
