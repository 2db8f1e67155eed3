import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it } from 'vitest';
import { CostOverCapacityError } from '../../src/errors.js';
import type { LimiterEvent } from '../../src/limiter/events.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { evenly } from '../../src/limits/evenly.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';
import { limiterOf, Work } from './work.js';

const perMinute = (limit: number) => slidingWindow({ limit, intervalMs: 60_000, name: 'rate', countUntil: 'start' });

describe('limiter.explain', () => {
  it('tells the place, the limit that holds it, and how long at least', () => {
    const { limiter, clock } = limiterOf({ limits: [perMinute(1), concurrency({ limit: 5, name: 'slots' })] });
    new Work(limiter);
    for (const id of ['a', 'b']) new Work(limiter, { id });
    clock.advance(20_000);
    expect(limiter.explain('a')).toEqual({ place: 0, ahead: 0, heldBy: 'rate', atLeastMs: 40_000 });
    expect(limiter.explain('b')).toEqual({ place: 1, ahead: 1, heldBy: 'rate', atLeastMs: 40_000 });
  });

  it('names the first of two limits that hold alike', () => {
    const same = slidingWindow({ limit: 1, intervalMs: 60_000, countUntil: 'start', name: 'another' });
    const { limiter } = limiterOf({ limits: [perMinute(1), same] });
    new Work(limiter);
    new Work(limiter, { id: 'a' });
    expect(limiter.explain('a')?.heldBy).toBe('rate');
  });

  it('knows nobody who does not wait', () => {
    const { limiter } = limiterOf();
    new Work(limiter, { id: 'runs' });
    expect(limiter.explain('runs')).toBeUndefined();
    expect(limiter.explain('never seen')).toBeUndefined();
  });

  it('counts places by key, and what goes before by turns and priorities', () => {
    const { limiter } = limiterOf();
    new Work(limiter);
    for (const key of ['ada', 'ada', 'bob']) new Work(limiter, { key });
    new Work(limiter, { key: 'bob', id: 'second of bob' });
    new Work(limiter, { key: 'eve', priority: 1 });
    expect(limiter.explain('second of bob')).toEqual({
      place: 1,
      ahead: 4,
      heldBy: 'concurrency',
      atLeastMs: Infinity,
    });
  });

  it('moves no limit by asking it out of turn', () => {
    const { limiter, clock } = limiterOf({
      limits: [adaptiveConcurrency({ max: 9, initial: 1, name: 'slots' }), concurrency({ limit: 1 })],
    });
    new Work(limiter);
    new Work(limiter);
    new Work(limiter, { id: 'heavy', cost: { slots: 8 } });
    clock.advance(3_600_000);
    const before = limiter.snapshot();
    expect(limiter.explain('heavy')).toMatchObject({ heldBy: 'concurrency', atLeastMs: Infinity });
    expect(limiter.snapshot()).toEqual(before);
  });

  it('reads the calendar for those who wait for midnight', () => {
    const { limiter, clock } = limiterOf({ limits: [dailyQuota({ limit: 1 })] });
    new Work(limiter);
    new Work(limiter, { id: 'tomorrow' });
    clock.advance(1_000);
    const atLeastMs = 12 * 3_600_000 - 1_000;
    expect(limiter.explain('tomorrow')).toEqual({ place: 0, ahead: 0, heldBy: 'daily quota', atLeastMs });
  });

  it('names the cool-down', () => {
    const { limiter } = limiterOf();
    limiter.coolDown(3_000);
    new Work(limiter, { id: 'x' });
    expect(limiter.explain('x')).toMatchObject({ heldBy: 'cool-down', atLeastMs: 3_000 });
  });
});

describe('limiter.forecast', () => {
  it('finds what slots alone would take', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    expect(limiter.forecast(7, { taskMs: 10 })).toEqual({ startsInMs: 20, doneInMs: 30, boundBy: 'slots' });
  });

  it('finds what a rate alone would take', () => {
    const { limiter } = limiterOf({ limits: [perMinute(30)] });
    expect(limiter.forecast(61)).toEqual({ startsInMs: 120_000, doneInMs: 120_000, boundBy: 'rate' });
  });

  it('finds which of two binds', () => {
    const limits = () => [perMinute(30), concurrency({ limit: 3, name: 'slots' })];
    expect(limiterOf({ limits: limits() }).limiter.forecast(300, { taskMs: 60_000 }).boundBy).toBe('slots');
    expect(limiterOf({ limits: limits() }).limiter.forecast(300, { taskMs: 1_000 }).boundBy).toBe('rate');
  });

  it('is free at once where nothing binds', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3 })] });
    expect(limiter.forecast(3, { taskMs: 5 })).toEqual({ startsInMs: 0, doneInMs: 5, boundBy: undefined });
  });

  it('counts from now, by the calendar too', () => {
    const { limiter, clock } = limiterOf({ limits: [dailyQuota({ limit: 2, name: 'credits' })] });
    clock.advance(3_600_000);
    const startsInMs = 11 * 3_600_000;
    expect(limiter.forecast(4, { taskMs: 5 })).toEqual({ startsInMs, doneInMs: startsInMs + 5, boundBy: 'credits' });
    expect(limiter.forecast(5).startsInMs).toBe(startsInMs + 24 * 3_600_000);
  });

  it('has nothing to wait for where there is nothing to do', () => {
    const { limiter, clock } = limiterOf();
    clock.advance(70);
    expect(limiter.forecast(0)).toEqual({ startsInMs: 0, doneInMs: 0, boundBy: undefined });
  });

  it('never comes to an end over a budget that is too small', () => {
    const { limiter } = limiterOf({ limits: [perMinute(3), budget({ limit: 5 })] });
    expect(limiter.forecast(6)).toEqual({ startsInMs: Infinity, doneInMs: Infinity, boundBy: 'budget' });
    expect(limiter.forecast(5)).toEqual({ startsInMs: 60_000, doneInMs: 60_000, boundBy: 'rate' });
  });

  it('names what holds back for longer, whichever of the limits comes first, and the first of two that hold alike', () => {
    const slow = slidingWindow({ limit: 1, intervalMs: 900, name: 'slow', countUntil: 'start' });
    const slots = concurrency({ limit: 2, name: 'slots' });
    expect(limiterOf({ limits: [slow, slots] }).limiter.forecast(9, { taskMs: 2_000 }).boundBy).toBe('slots');
    expect(limiterOf({ limits: [slots, slow] }).limiter.forecast(9, { taskMs: 1_000 }).boundBy).toBe('slow');
  });

  it("counts whose work it is, and what it costs, by each key's own limit", () => {
    const { limiter } = limiterOf({ limits: [perKey(() => slidingWindow({ limit: 4, intervalMs: 60_000 }))] });
    new Work(limiter, { key: 'ada', cost: 3 });
    const startsInMs = (key: unknown, cost?: number) =>
      limiter.forecast(1, { key, ...(cost !== undefined && { cost }), taskMs: 10 }).startsInMs;
    expect([startsInMs('ada'), startsInMs('ada', 4), startsInMs('bob', 4)]).toEqual([0, Infinity, 0]);
  });

  it('comes to its end, though work waits in its place for a slot', () => {
    const limits = [adaptiveConcurrency({ max: 9, initial: 3, decrease: 1, name: 'slots' })];
    const { limiter } = limiterOf({ limits });
    for (const slots of [1, 2]) new Work(limiter, { cost: { slots } });
    limiter.refusedSlot({ slots: 2 }, 0);
    expect(limiter.forecast(20, { taskMs: 60_000 })).toEqual({
      startsInMs: 190_000,
      doneInMs: 250_000,
      boundBy: 'slots',
    });
  });

  it('counts what waits, and what runs, before what is to come', () => {
    const { limiter } = limiterOf();
    for (let i = 0; i < 3; i++) new Work(limiter);
    expect(limiter.forecast(1, { taskMs: 100 })).toMatchObject({ startsInMs: 300, doneInMs: 400 });
  });

  it('agrees with what then happens, whatever the limits', async () => {
    const limits = [
      slidingWindow({ limit: 5, intervalMs: 1_000 }),
      evenly({ limit: 10, intervalMs: 1_500 }),
      tokenBucket({ capacity: 3, refill: 4, intervalMs: 1_000 }),
      concurrency({ limit: 2 }),
    ];
    const { limiter, clock } = limiterOf({ limits });
    const { startsInMs, doneInMs } = limiter.forecast(40, { taskMs: 300 });
    const startsAtMs: number[] = [];
    const all = Array.from({ length: 40 }, () =>
      limiter.run(() => {
        startsAtMs.push(clock.now());
        return new Promise<void>((resolve) => clock.schedule(300, resolve));
      }),
    );
    for (let i = 0; i < 400; i++) {
      clock.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(all);
    const lastMs = startsAtMs.at(-1) ?? NaN;
    // A promise's end is seen at the next step of 50 ms here: never before the forecast, and late by a step a round.
    expect(lastMs).toBeGreaterThanOrEqual(startsInMs);
    expect(doneInMs - startsInMs).toBe(300);
  });

  it.each([
    [-1, {}, 'count'],
    [Infinity, {}, 'count'],
    [1, { taskMs: NaN }, 'taskMs'],
    [1, { taskMs: -5 }, 'taskMs'],
  ])('refuses what it could never come to the end of: %f, %j', (count, options, path) => {
    const { limiter } = limiterOf();
    expect(() => limiter.forecast(count, options)).toThrow(
      expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }),
    );
  });

  it('leaves the limiter as it was', () => {
    const keyed = perKey(() => concurrency({ limit: 2 }));
    const limits = [perMinute(2), keyed, adaptiveConcurrency({ max: 4, initial: 2 }), dailyQuota({ limit: 9 })];
    const { limiter } = limiterOf({ limits });
    new Work(limiter, { key: 'ada' });
    const before = limiter.snapshot();
    limiter.forecast(100, { taskMs: 10, key: 'ada' });
    expect(limiter.snapshot()).toEqual(before);
  });

  it('never comes to an end where work can never start', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 1, name: 'slots' })] });
    new Work(limiter);
    const other = limiterOf({ limits: [tokenBucket({ capacity: 1, refill: 1, intervalMs: 1 })] });
    expect(other.limiter.forecast(1).startsInMs).toBe(0);
    expect(() => limiter.forecast(1, { cost: 2 })).toThrow(CostOverCapacityError);
  });
});

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

  it.each([
    [{ nobody: { limit: 2 } }, 'update: no limit "nobody" that can be changed; there is "slots"'],
    [{ slots: { limit: 0 } }, 'update of "slots": limit: too small: expected number to be >=1 (got 0)'],
    [{ slots: { size: 2 } }, 'update of "slots": unrecognized key: "size"'],
  ])('says what is wrong with %j', (changes, message) => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    expect(() => limiter.update(changes)).toThrow(message);
  });
});

describe('the news of a limiter', () => {
  it('is on the diagnostics channel while somebody listens there', () => {
    const { limiter } = limiterOf();
    const heard: { readonly limiter: unknown; readonly event: LimiterEvent }[] = [];
    const listen = (message: unknown): void => void heard.push(message as (typeof heard)[number]);
    new Work(limiter);
    subscribe('sluice:limiter', listen);
    new Work(limiter);
    limiter.coolDown(5);
    unsubscribe('sluice:limiter', listen);
    new Work(limiter);
    expect(heard.map(({ event }) => event.type)).toEqual(['waiting', 'cooled']);
    expect(heard.every((message) => message.limiter === limiter)).toBe(true);
  });

  it('tells of each round of a ramp', async () => {
    const { limiter, clock } = limiterOf({ limits: [] });
    const rounds: number[] = [];
    limiter.on((event) => event.type === 'ramped' && rounds.push(event.round));
    limiter.refused({ meaning: 'too-fast', hintMs: 100 });
    const works = Array.from({ length: 7 }, () => new Work(limiter));
    clock.advance(100);
    await works[0]?.succeed();
    await Promise.all([works[1]?.succeed(), works[2]?.succeed()]);
    expect(works.map(({ isRunning }) => isRunning)).toEqual([false, false, false, true, true, true, true]);
    expect(rounds).toEqual([1, 2, 4]);
  });
});
