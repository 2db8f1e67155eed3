import { describe, expect, it } from 'vitest';
import { BudgetSpentError } from '../../src/errors.js';
import type { LimiterEvent } from '../../src/limiter/events.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { limiterOf, startsOf, Work, workers } from './work.js';

describe('a limiter with a budget', () => {
  it('gives up who costs more than is left, once nothing runs that could give something back', async () => {
    const { limiter, clock } = limiterOf({ limits: [budget({ limit: 10, name: 'run' })] });
    const first = new Work(limiter, { cost: 7 });
    const second = new Work(limiter, { cost: 5 });
    clock.advance(1e9);
    expect([limiter.active, limiter.waiting]).toEqual([1, 1]);
    await first.succeed();
    await expect(second.result).rejects.toThrow(BudgetSpentError);
    await expect(second.result).rejects.toMatchObject({ limit: 'run', cost: 5, left: 3 });
    expect([limiter.active, limiter.waiting, clock.pending]).toEqual([0, 0, 0]);
  });

  it('lets it go where what runs turns out to cost less, or is refunded', async () => {
    const { limiter } = limiterOf({ limits: [budget({ limit: 10 })] });
    const first = new Work(limiter, { cost: 7 });
    const second = new Work(limiter, { cost: 5 });
    limiter.adjust('budget', -2);
    expect(second.isRunning).toBe(true);
    await Promise.all([first.succeed(), second.succeed()]);
    await expect(new Work(limiter).result).rejects.toMatchObject({ cost: 1, left: 0 });
  });

  it('lets lighter work go that had to wait behind it', async () => {
    const { limiter } = limiterOf({ limits: [budget({ limit: 10 })] });
    const first = new Work(limiter, { cost: 7 });
    const [heavy, light, lightToo] = [5, 2, 1].map((cost) => new Work(limiter, { cost }));
    expect(startsOf([light!, lightToo!])).toEqual([undefined, undefined]);
    await first.succeed();
    await expect(heavy!.result).rejects.toThrow(BudgetSpentError);
    expect(startsOf([light!, lightToo!])).toEqual([0, 0]);
  });

  it('gives up work at once that comes when it is spent, and lets what costs nothing pass', async () => {
    const { limiter } = limiterOf({ limits: [budget({ limit: 2 }), concurrency({ limit: 1, name: 'slots' })] });
    await new Work(limiter, { cost: { budget: 2 } }).succeed();
    await expect(limiter.acquire()).rejects.toThrow(BudgetSpentError);
    expect(new Work(limiter, { cost: { budget: 0 } }).isRunning).toBe(true);
  });

  it('gives up nobody while others wait for an instant only', async () => {
    const limits = [budget({ limit: 10 }), slidingWindow({ limit: 1, intervalMs: 100, name: 'rate' })];
    const { limiter, clock } = limiterOf({ limits });
    const [first, second, third] = [5, 4, 6].map((credits) => new Work(limiter, { cost: { budget: credits } }));
    await first?.succeed();
    clock.advance(50);
    expect([limiter.active, limiter.waiting]).toEqual([0, 2]);
    clock.advance(50);
    await second?.succeed();
    await expect(third?.result).rejects.toMatchObject({ cost: 6, left: 1 });
  });

  it('goes on for those who come after it was raised', async () => {
    const { limiter } = limiterOf({ limits: [budget({ limit: 2 })] });
    await new Work(limiter, { cost: 2 }).succeed();
    await expect(new Work(limiter, { cost: 2 }).result).rejects.toThrow(BudgetSpentError);
    limiter.update({ budget: { limit: 4 } });
    expect(new Work(limiter, { cost: 2 }).isRunning).toBe(true);
  });

  it('holds its work where it says so, until it is raised, or settled after the release', async () => {
    const limits = [budget({ limit: 2, whenSpent: 'wait' })];
    const { limiter, clock } = limiterOf({ limits });
    await new Work(limiter, { cost: 2 }).succeed();
    const works = workers(3, limiter);
    clock.advance(1e9);
    expect([limiter.active, limiter.waiting]).toEqual([0, 3]);
    limiter.adjust('budget', -1, { takenAtMs: 0 });
    limiter.update({ budget: { limit: 3 } });
    expect(works.map(({ isRunning }) => isRunning)).toEqual([true, true, false]);
  });

  it('knows who is in the way where each key has one of its own', async () => {
    const { limiter } = limiterOf({ limits: [perKey(() => budget({ limit: 4 }))] });
    const ada = new Work(limiter, { cost: 3, key: 'ada' });
    const bob = new Work(limiter, { cost: 1, key: 'bob' });
    const next = ['ada', 'bob'].map((key) => new Work(limiter, { cost: 3, key }));
    expect(startsOf(next)).toEqual([undefined, 0]);
    await bob.succeed();
    expect(limiter.waiting).toBe(1);
    await ada.succeed();
    await expect(next[0]?.result).rejects.toMatchObject({ limit: 'budget per key', cost: 3, left: 1 });
    expect(limiter.active).toBe(1);
  });

  it('gives up at once what a key can pay no more, whoever else runs, and lets its lighter work go', async () => {
    const limits = [perKey(() => budget({ limit: 4, name: 'own' })), budget({ limit: 9, name: 'run' })];
    const { limiter } = limiterOf({ limits });
    const bob = new Work(limiter, { cost: 3, key: 'bob' });
    await new Work(limiter, { cost: 3, key: 'ada' }).succeed();
    const [heavy, light] = [2, 1].map((cost) => new Work(limiter, { cost, key: 'ada' }));
    await expect(heavy!.result).rejects.toMatchObject({ limit: 'own per key', cost: 2, left: 1 });
    expect([light!.isRunning, bob.isRunning, limiter.waiting]).toEqual([true, true, 0]);
    // What nobody can pay waits for what runs, of whatever key.
    const last = new Work(limiter, { cost: 3, key: 'cy' });
    expect(limiter.waiting).toBe(1);
    limiter.adjust('run', -1);
    expect(last.isRunning).toBe(true);
  });

  it('holds the work of a key whose budget says so, whoever runs', async () => {
    const { limiter } = limiterOf({ limits: [perKey(() => budget({ limit: 1, whenSpent: 'wait', name: 'own' }))] });
    await new Work(limiter, { key: 'ada' }).succeed();
    new Work(limiter, { key: 'bob' });
    const next = new Work(limiter, { key: 'ada' });
    expect(limiter.waiting).toBe(1);
    limiter.adjust('own per key', -1, { key: 'ada' });
    expect(next.isRunning).toBe(true);
  });

  it('needs no stack to give many up, nor for work that answers by more work', async () => {
    const { limiter } = limiterOf({ limits: [budget({ limit: 1 })] });
    const first = new Work(limiter);
    const waiting = Array.from({ length: 20_000 }, () => limiter.run(() => 1).catch(() => limiter.run(() => 1)));
    await first.succeed();
    const ends = await Promise.allSettled(waiting);
    expect(ends.every((end) => end.status === 'rejected' && end.reason instanceof BudgetSpentError)).toBe(true);
    expect(limiter.waiting).toBe(0);
  });

  it('tells of those it gives up', async () => {
    const { limiter } = limiterOf({ limits: [budget({ limit: 1 })] });
    const first = new Work(limiter);
    const waiting = workers(2, limiter);
    const told: LimiterEvent[] = [];
    limiter.on((event) => told.push(event));
    await first.succeed();
    await Promise.allSettled(waiting.map(({ result }) => result));
    expect(told.map((event) => event.type === 'dropped' && event.waiting)).toEqual([1, 0]);
  });

  it('is answered for: how much is used, what holds work back, and that it never comes to an end', () => {
    const { limiter } = limiterOf({ limits: [budget({ limit: 10 }), concurrency({ limit: 5, name: 'slots' })] });
    new Work(limiter, { cost: { budget: 8 } });
    new Work(limiter, { cost: { budget: 5 }, id: 'b' });
    expect(limiter.snapshot().limits[0]).toEqual({
      name: 'budget',
      kind: 'quota',
      used: 8,
      capacity: 10,
      percent: 80,
      resetsAtMs: Infinity,
    });
    expect(limiter.explain('b')).toEqual({ place: 0, ahead: 0, heldBy: 'budget', atLeastMs: Infinity });
    const never = { startsInMs: Infinity, doneInMs: Infinity, boundBy: 'budget' };
    expect(limiter.forecast(1, { taskMs: 10, cost: { budget: 1 } })).toEqual(never);
    expect(limiterOf({ limits: [budget({ limit: 10 })] }).limiter.forecast(10).startsInMs).toBe(0);
    expect(limiterOf({ limits: [budget({ limit: 10 })] }).limiter.forecast(11)).toEqual(never);
  });
});
