import { describe, expect, it } from 'vitest';
import type { LimiterEvent } from '../../src/limiter/events.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { limiterOf, startsOf, Work, workers } from './work.js';

const hourMs = 3_600_000;
/** The tests' clock begins at noon, UTC. */
const credits = () => dailyQuota({ limit: 66, name: 'credits' });

describe('limiter.adjust', () => {
  it('settles an estimate with what it has really cost, while the work runs or after', async () => {
    const { limiter } = limiterOf({ limits: [credits()] });
    const work = new Work(limiter, { cost: 10 });
    const used = (): number | undefined => limiter.snapshot().limits[0]?.used;
    limiter.adjust('credits', 5);
    expect(used()).toBe(15);
    await work.succeed();
    limiter.adjust('credits', -8, { takenAtMs: 0 });
    expect(used()).toBe(7);
  });

  it('lets who waits go, where it gives something back', () => {
    const { limiter } = limiterOf({ limits: [credits()] });
    const works = [new Work(limiter, { cost: 66 }), new Work(limiter, { cost: 6 }), new Work(limiter, { cost: 1 })];
    limiter.adjust('credits', -6, { takenAtMs: 0 });
    expect(startsOf(works)).toEqual([0, 0, undefined]);
  });

  it('holds everybody until midnight where it goes over, but for what costs nothing', () => {
    const { limiter, clock } = limiterOf({ limits: [credits()] });
    new Work(limiter, { cost: 60 });
    limiter.adjust('credits', 30, { takenAtMs: 0 });
    const free = new Work(limiter, { cost: 0 });
    const next = new Work(limiter, { cost: 1 });
    clock.advance(24 * hourMs);
    expect(startsOf([free, next])).toEqual([0, 12 * hourMs]);
  });

  it('dates it by when it was taken, also before the limiter was made', () => {
    const { limiter, clock } = limiterOf({ limits: [credits()] });
    limiter.adjust('credits', 40, { takenAtMs: -hourMs });
    limiter.adjust('credits', 50, { takenAtMs: -13 * hourMs });
    expect(limiter.snapshot().limits[0]?.used).toBe(40);
    clock.stepWall(-13 * hourMs);
    expect(limiter.snapshot().limits[0]?.used).toBe(50);
  });

  it('reads the wall first: the day may have ended since anybody asked', () => {
    const { limiter, clock } = limiterOf({ limits: [credits()] });
    new Work(limiter, { cost: 10 });
    clock.advance(13 * hourMs);
    limiter.adjust('credits', 5);
    limiter.adjust('credits', 7, { takenAtMs: 0 });
    expect(limiter.snapshot().limits[0]?.used).toBe(5);
  });

  it('lets the work of a key go that its own quota held back, and no other', () => {
    const { limiter } = limiterOf({ limits: [perKey(() => credits())] });
    for (const key of ['ada', 'bob']) new Work(limiter, { cost: 66, key });
    const waiting = ['ada', 'bob'].map((key) => new Work(limiter, { cost: 2, key }));
    limiter.adjust('credits per key', -2, { takenAtMs: 0, key: 'ada' });
    expect(startsOf(waiting)).toEqual([0, undefined]);
  });

  it('warns where it is that which passes the threshold', () => {
    const { limiter, clock } = limiterOf({ limits: [credits()] });
    const warnings: number[] = [];
    limiter.on((event: LimiterEvent) => event.type === 'warning' && warnings.push(event.usage.used));
    new Work(limiter, { cost: 40 });
    limiter.adjust('credits', 20);
    limiter.adjust('credits', 1);
    expect(warnings).toEqual([60]);
    clock.advance(12 * hourMs);
    limiter.adjust('credits', 55);
    limiter.adjust('credits', 5, { takenAtMs: 0 });
    expect(warnings).toEqual([60, 55]);
  });

  it.each([
    ['nobody', 1, {}, 'adjust: no limit "nobody" that can be adjusted; there is "credits"'],
    ['slots', 1, {}, 'adjust: no limit "slots" that can be adjusted; there is "credits"'],
    ['credits', NaN, {}, 'adjust: must be a finite number (got NaN)'],
    ['credits', -Infinity, {}, 'adjust: must be a finite number (got -Infinity)'],
    ['credits', 1, { takenAtMs: NaN }, 'adjust: must be a finite instant (got NaN)'],
  ])('refuses %s, %f, %o', (name, delta, options, message) => {
    const { limiter } = limiterOf({ limits: [credits(), concurrency({ limit: 3, name: 'slots' })] });
    expect(() => limiter.adjust(name, delta, options)).toThrow(message);
    expect(limiter.snapshot().limits[0]?.used).toBe(0);
  });

  it('says so where nothing can be adjusted', () => {
    const { limiter } = limiterOf();
    expect(() => limiter.adjust('credits', 1)).toThrow('there is none');
  });
});

describe('limiter.refusedSlot', () => {
  const learning = () => adaptiveConcurrency({ max: 9, initial: 4, decrease: 1, name: 'slots' });

  it('lowers what is learnt, keeps the place, and lets nobody be the next probe before the slot is granted', () => {
    const { limiter, clock } = limiterOf({ limits: [learning()] });
    const works = workers(3, limiter);
    clock.advance(1);
    works.push(new Work(limiter));
    const next = new Work(limiter);
    clock.advance(1_000);
    limiter.refusedSlot(1, 1);
    expect(limiter.snapshot().limits[0]).toMatchObject({ used: 4, capacity: 3 });
    clock.advance(hourMs);
    expect([limiter.active, next.isRunning]).toEqual([4, false]);
    limiter.grantedSlot(1, 1);
    expect(limiter.snapshot().limits[0]).toMatchObject({ used: 4, capacity: 4 });
    clock.advance(10_000);
    expect(next.isRunning).toBe(true);
  });

  it('ends with the work: the next probe comes then, where nobody told of a slot', async () => {
    const { limiter, clock } = limiterOf({ limits: [learning()] });
    const works = workers(4, limiter);
    const next = workers(2, limiter);
    limiter.refusedSlot(1, 0);
    clock.advance(hourMs);
    expect(startsOf(next)).toEqual([undefined, undefined]);
    await Promise.all(works.map((work) => work.succeed()));
    expect(startsOf(next)).toEqual([hourMs, hourMs]);
  });

  it('tells every limit that learns what the work costs in it, and whose it is', () => {
    const own = perKey(() => adaptiveConcurrency({ max: 9, initial: 9, decrease: 1, name: 'own' }));
    const { limiter } = limiterOf({ limits: [learning(), own, slidingWindow({ limit: 99, intervalMs: 5 })] });
    for (let work = 0; work < 2; work++) new Work(limiter, { cost: { slots: 2, 'own per key': 3 }, key: 'ada' });
    limiter.refusedSlot({ slots: 2, 'own per key': 3 }, 0, 'ada');
    const capacities = limiter.snapshot().limits.map(({ capacity }) => capacity);
    expect(capacities).toEqual([2, 3, 99]);
  });

  it('unparks the key whose own limit waited for the slot', () => {
    const own = perKey(() => adaptiveConcurrency({ max: 9, initial: 2, decrease: 1, name: 'own' }));
    const { limiter, clock } = limiterOf({ limits: [own] });
    workers(2, limiter, { key: 'ada' });
    limiter.refusedSlot(1, 0, 'ada');
    const next = new Work(limiter, { key: 'ada' });
    clock.advance(hourMs);
    expect(next.isRunning).toBe(false);
    limiter.grantedSlot(1, 0, 'ada');
    clock.advance(10_000);
    expect(next.isRunning).toBe(true);
  });
});

describe('limiter.update', () => {
  it('sets a number of slots that becomes known', () => {
    const { limiter } = limiterOf({ limits: [adaptiveConcurrency({ max: 9, name: 'slots' })] });
    const works = workers(5, limiter);
    limiter.update({ slots: { max: 4, initial: 4 } });
    expect(startsOf(works)).toEqual([0, 0, 0, 0, undefined]);
  });

  it('lets the keys go that their own limits held back', () => {
    const { limiter } = limiterOf({ limits: [perKey(() => concurrency({ limit: 1, name: 'own' }))] });
    const works = ['ada', 'bob'].flatMap((key) => workers(3, limiter, { key }));
    limiter.update({ 'own per key': { limit: 2 } });
    expect(startsOf(works)).toEqual([0, 0, undefined, 0, 0, undefined]);
  });
});
