import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { CoolDown, coolDownSchema } from '../../src/limiter/coolDown.js';
import type { Outcome } from '../../src/limits/limit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { parseOptions } from '../../src/options.js';
import { cooled } from './cooled.js';
import { limiterOf, startsOf, Work, workers } from './work.js';

describe('limiter.coolDown', () => {
  it('lets nobody start until it is over, then one', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(5_000);
    const works = workers(3, limiter);
    clock.advance(4_999);
    expect(startsOf(works)).toEqual([undefined, undefined, undefined]);
    clock.advance(1);
    expect(startsOf(works)).toEqual([5_000, undefined, undefined]);
  });

  it('leaves alone who runs already', () => {
    const { limiter } = cooled();
    const work = new Work(limiter);
    limiter.coolDown(5_000);
    expect(work.isRunning).toBe(true);
  });

  it('after the probe lets 2, 4, 8 ... enter, each round as the one before has ended well', async () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(40, limiter);
    clock.advance(100);
    const rounds: number[] = [];
    for (let running = works.filter((work) => work.isRunning); running.length > 0;) {
      rounds.push(running.length);
      await Promise.all(running.map((work) => work.succeed()));
      running = works.filter((work) => work.isRunning);
    }
    expect(rounds).toEqual([1, 2, 4, 8, 16, 9]);
    expect(clock.now()).toBe(100);
  });

  it('after 256 lets everybody enter again', async () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(511, limiter);
    clock.advance(100);
    while (works.some((work) => work.isRunning)) {
      await Promise.all(works.filter((work) => work.isRunning).map((work) => work.succeed()));
    }
    expect(workers(1_000, limiter).every((work) => work.isRunning)).toBe(true);
  });

  it('where nobody tells how the work ends, lets a round enter each second', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(10, limiter);
    clock.drain();
    expect(startsOf(works)).toEqual([100, 1_100, 1_100, 2_100, 2_100, 2_100, 2_100, 3_100, 3_100, 3_100]);
  });

  it('counts a round from its first start, however long nobody came', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    clock.advance(5_000);
    const works = workers(2, limiter);
    clock.drain();
    expect(startsOf(works)).toEqual([5_000, 6_000]);
  });

  it.each<[Outcome, boolean]>([
    ['succeeded', true],
    ['failed', false],
    ['too-fast', false],
    ['no-slot', false],
    ['unknown', false],
  ])('a probe that ended as %s opens the next round at once: %s', async (outcome, opens) => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const probe = limiter.acquire();
    const next = new Work(limiter);
    clock.advance(150);
    (await probe).release(outcome);
    expect(next.startedAtMs).toBe(opens ? 150 : undefined);
    clock.drain();
    expect(next.startedAtMs).toBe(opens ? 150 : 1_100);
  });

  it('takes a permit that is released without a word for work that ended well', async () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const probe = limiter.acquire();
    const next = new Work(limiter);
    clock.advance(150);
    (await probe).release();
    expect(next.startedAtMs).toBe(150);
  });

  it('is not impressed by the success of work that started before it', async () => {
    const { limiter, clock } = cooled();
    const old = new Work(limiter);
    clock.advance(10);
    limiter.coolDown(100);
    const works = workers(2, limiter);
    clock.advance(100);
    await old.succeed();
    expect(startsOf(works)).toEqual([110, undefined]);
  });

  it('lets no second probe in for a refund of work that started before it', () => {
    const { limiter, clock } = cooled();
    workers(1, limiter);
    clock.advance(10);
    limiter.coolDown(100);
    const works = workers(2, limiter);
    clock.advance(100);
    limiter.refund(1, 0);
    limiter.admitWaiting();
    expect(startsOf(works)).toEqual([110, undefined]);
  });

  it('lets another probe in for one that was refunded', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(2, limiter);
    clock.advance(150);
    limiter.refund(1, 100);
    limiter.admitWaiting();
    expect(startsOf(works)).toEqual([100, 150]);
  });

  it.each([false, true])('goes no round further for who asks, and is held by a limit (asked: %s)', (isAsked) => {
    const window = slidingWindow({ limit: 3, intervalMs: 3_600_000, countUntil: 'start' });
    const { limiter, clock } = limiterOf({ limits: [window] });
    limiter.coolDown(100);
    new Work(limiter, { cost: 3 });
    const works = workers(2, limiter);
    clock.advance(2_000);
    if (isAsked) limiter.admitWaiting();
    limiter.refund(3, 100);
    limiter.admitWaiting();
    expect(startsOf(works)).toEqual([2_000, undefined]);
  });

  it('never shortens one that lasts longer', () => {
    const { limiter, coolDownMs } = cooled();
    limiter.coolDown(5_000);
    limiter.coolDown(1_000);
    expect(coolDownMs()).toBe(5_000);
  });

  it('starts the ramp over where it comes in the midst of one', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(4, limiter);
    clock.advance(1_100);
    limiter.coolDown(100);
    clock.drain();
    expect(startsOf(works)).toEqual([100, 1_100, 1_100, 1_200]);
  });

  it('lets 256 enter before everybody may, no more', async () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(600, limiter);
    clock.advance(100);
    const running = () => works.filter((work) => work.isRunning);
    while (running().length < 256) await Promise.all(running().map((work) => work.succeed()));
    expect(running()).toHaveLength(256);
  });

  it('counts for a round only what started in it', async () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(4, limiter);
    clock.advance(1_100);
    await works[0]?.succeed();
    await works[1]?.succeed();
    expect(startsOf(works)).toEqual([100, 1_100, 1_100, undefined]);
    await works[2]?.succeed();
    expect(works[3]?.startedAtMs).toBe(1_100);
  });

  it('lets as many in for a round as were refunded of it', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100);
    const works = workers(5, limiter);
    clock.advance(1_100);
    limiter.refund(1, 1_100);
    limiter.admitWaiting();
    expect(startsOf(works)).toEqual([100, 1_100, 1_100, 1_100, undefined]);
  });

  it('with no ramp lets all start as it is over, but goes on with a ramp that is under way', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(100, { ramp: false });
    const first = workers(3, limiter);
    clock.advance(100);
    expect(startsOf(first)).toEqual([100, 100, 100]);
    limiter.coolDown(100);
    limiter.coolDown(50, { ramp: false });
    const second = workers(3, limiter);
    clock.advance(100);
    expect(startsOf(second)).toEqual([200, undefined, undefined]);
    limiter.coolDown(50, { ramp: false });
    clock.advance(50);
    expect(startsOf(second)).toEqual([200, 250, undefined]);
  });

  it('holds one timer however many wait, and none when nobody does', () => {
    const { limiter, clock } = cooled();
    limiter.coolDown(5_000);
    expect(clock.pending).toBe(0);
    workers(50, limiter);
    limiter.coolDown(9_000);
    expect(clock.pending).toBe(1);
  });

  it.each([-1, NaN, Infinity])('refuses %f', (delayMs) => {
    const { limiter, coolDownMs } = cooled();
    expect(() => limiter.coolDown(delayMs)).toThrow(OptionsError);
    expect(() => limiter.coolDown(delayMs)).toThrow(`at least 0 ms (got ${delayMs})`);
    expect(coolDownMs()).toBe(0);
  });
});

describe('a cool-down, as a limit', () => {
  it('is used while it is closed, and not from the instant at which it opens', () => {
    const gate = new CoolDown(parseOptions(coolDownSchema, {}, 'test'), () => 0);
    gate.close(100, 50);
    expect(gate.usage(149)).toEqual({ used: 1, capacity: 1, resetsAtMs: 150 });
    expect(gate.usage(150)).toEqual({ used: 0, capacity: 1, resetsAtMs: 150 });
    expect([gate.closedUntil(149), gate.closedUntil(150)]).toEqual([150, undefined]);
    expect(gate.copy().usage(149)).toEqual(gate.usage(149));
  });
});
