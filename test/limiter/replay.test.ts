import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError, ReplayError } from '../../src/errors.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import { replay, type Decision } from '../../src/limiter/replay.js';
import type { TapeEntry } from '../../src/limiter/tape.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';
import { runs } from '../runs.js';
import { VirtualClock } from '../virtualClock.js';

const options = (): LimiterOptions => ({
  limits: [
    slidingWindow({ limit: 3, intervalMs: 100, name: 'rate' }),
    tokenBucket({ capacity: 9, refill: 5, intervalMs: 10, initial: 0, name: 'bucket' }),
    concurrency({ limit: 3, name: 'slots' }),
    perKey(() => concurrency({ limit: 2, name: 'own' })),
    dailyQuota({ limit: 50, name: 'credits' }),
    perKey(() => dailyQuota({ limit: 20, name: 'own credits' })),
    budget({ limit: 60, name: 'run' }),
    adaptiveConcurrency({ max: 4, initial: 2, probeAfterMs: 30, maxProbeAfterMs: 90, name: 'learnt' }),
  ],
  queue: { maxSize: 8, overflow: 'drop-oldest' },
  classify: () => ({ meaning: 'too-fast' }),
});

const step = fc.oneof(
  fc.record({
    do: fc.constant('work' as const),
    key: fc.nat(2),
    cost: fc.nat(2),
    takesMs: fc.nat(60),
    isRefused: fc.boolean(),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(40) }),
  fc.record({ do: fc.constant('cool' as const), ms: fc.nat(50) }),
  fc.record({ do: fc.constant('slots' as const), limit: fc.integer({ min: 2, max: 6 }) }),
  fc.record({ do: fc.constant('rate' as const), intervalMs: fc.constantFrom(20, 200) }),
  fc.record({ do: fc.constant('learn' as const), max: fc.integer({ min: 1, max: 5 }) }),
  fc.record({
    do: fc.constant('adjust' as const),
    name: fc.constantFrom('credits', 'own credits per key', 'run', 'rate'),
    delta: fc.integer({ min: -5, max: 5 }),
    takenAtMs: fc.option(fc.integer({ min: -100_000_000, max: 100 }), { nil: undefined }),
    key: fc.nat(2),
  }),
  fc.record({
    do: fc.constantFrom('refusedSlot' as const, 'grantedSlot' as const),
    which: fc.nat(),
  }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Lives through the steps, looks at the limiter now and then, and returns what was written down. */
async function recorded(steps: readonly Step[]): Promise<{ tape: TapeEntry[]; decisions: Decision[] }> {
  const clock = new VirtualClock();
  const tape: TapeEntry[] = [];
  const limiter = createLimiter({ ...options(), clock, random: () => 0.5, record: (entry) => tape.push(entry) });
  limiter.on(() => undefined);
  const running: { readonly cost: number; readonly key: number; readonly atMs: number }[] = [];
  for (const it of steps) {
    if (it.do === 'work') {
      const work = (): Promise<void> => {
        const started = { ...it, atMs: clock.now() };
        running.push(started);
        return new Promise((resolve, reject) =>
          clock.schedule(it.takesMs, () => {
            running.splice(running.indexOf(started), 1);
            if (it.isRefused) reject(new Error());
            else resolve();
          }),
        );
      };
      limiter.run(work, { key: it.key, cost: it.cost, id: it.key }).catch(() => undefined);
    } else if (it.do === 'wait') clock.advance(it.ms);
    else if (it.do === 'cool') limiter.coolDown(it.ms);
    else if (it.do === 'slots') limiter.update({ slots: { limit: it.limit } });
    else if (it.do === 'rate') limiter.update({ rate: { intervalMs: it.intervalMs } });
    else if (it.do === 'learn') limiter.update({ learnt: { max: 5, initial: it.max } });
    else if (it.do === 'adjust') {
      try {
        limiter.adjust(it.name, it.delta, it);
      } catch (error) {
        expect(error).toBeInstanceOf(OptionsError);
      }
    } else {
      const work = running[it.which % Math.max(1, running.length)];
      if (work !== undefined) limiter[it.do](work.cost, work.atMs, work.key);
    }
    limiter.snapshot();
    limiter.explain(1);
    await Promise.resolve().then(() => undefined);
  }
  const decisions = tape.flatMap((entry) => (entry.type === 'admitted' ? [{ id: entry.id, atMs: entry.atMs }] : []));
  return { tape, decisions };
}

describe('replay', () => {
  it('should always make the recorded decisions again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { tape, decisions } = await recorded(steps);
        expect(replay(tape, options())).toEqual(decisions);
        const fromJson = JSON.parse(JSON.stringify(tape)) as TapeEntry[];
        expect(replay(fromJson, options())).toEqual(decisions);
      }),
      runs(200),
    );
  });

  it('should always settle again by the same date', () => {
    const tape: TapeEntry[] = [];
    const limits = (): Limit[] => [dailyQuota({ limit: 10, name: 'credits' })];
    const limiter = createLimiter({
      limits: limits(),
      clock: new VirtualClock(),
      record: (entry) => tape.push(entry),
    });
    limiter.adjust('credits', 10, { takenAtMs: -13 * 3_600_000 });
    limiter.run(() => undefined, { cost: 10 }).catch(() => undefined);
    expect(replay(tape, { limits: limits() })).toEqual([{ id: 0, atMs: 0 }]);
  });

  it('should never mind who else reads the clock', async () => {
    const clock = new VirtualClock();
    const tape: TapeEntry[] = [];
    const limits = (): Limit[] => [dailyQuota({ limit: 10, name: 'credits' })];
    const limiter = createLimiter({ limits: limits(), clock, record: (entry) => tape.push(entry) });
    limiter.on(() => limiter.clock.epochNow());
    limiter.adjust('credits', 4, { takenAtMs: limiter.clock.now() - 1 });
    const settled = limiter.run(() => limiter.adjust('credits', -3, { takenAtMs: limiter.clock.now() }), { cost: 6 });
    await settled;
    limiter.clock.schedule(5, () => undefined);
    clock.advance(7);
    await limiter.run(() => undefined, { cost: 3 });
    expect(replay(tape, { limits: limits() })).toEqual([
      { id: 0, atMs: 0 },
      { id: 1, atMs: 7 },
    ]);
  });

  it('should never mind who has looked before the clock steps back', async () => {
    const clock = new VirtualClock();
    const tape: TapeEntry[] = [];
    const limits = (): Limit[] => [concurrency({ limit: 1 })];
    const limiter = createLimiter({ limits: limits(), clock, record: (entry) => tape.push(entry) });
    clock.advance(100);
    limiter.snapshot();
    clock.stepBack(50);
    await limiter.run(() => undefined);
    expect(replay(tape, { limits: limits() })).toEqual([{ id: 0, atMs: 100 }]);
  });

  it('should always do again what happened as work was given up', () => {
    const clock = new VirtualClock();
    const tape: TapeEntry[] = [];
    const limits = (): Limit[] => [budget({ limit: 10, name: 'run' }), concurrency({ limit: 9, name: 'slots' })];
    const limiter = createLimiter({ limits: limits(), clock, record: (entry) => tape.push(entry) });
    /** One that, given up, takes another along and comes again, lighter. */
    class Heavy extends Waiter {
      readonly other = new Light({ run: 9, slots: 1 });

      admitted(): void {}

      dropped(): void {
        limiter.leave(this.other);
        clock.advance(1);
        limiter.enter(new Light({ run: 1, slots: 1 }));
      }
    }
    class Light extends Waiter {
      admitted(): void {}

      dropped(): void {}
    }
    const enterAll = (...waiters: Waiter[]): void => waiters.forEach((waiter) => limiter.enter(waiter));
    const first = new Light({ run: 3, slots: 9 });
    const [tooMany, tooDear] = [new Heavy({ run: 1, slots: 8 }), new Heavy({ run: 8, slots: 1 })];
    enterAll(first, tooMany, tooMany.other, tooDear, tooDear.other);
    limiter.update({ slots: { limit: 7 } });
    limiter.release(first.cost, 0, 'succeeded');
    limiter.admitWaiting();
    expect([limiter.active, limiter.waiting]).toEqual([2, 0]);
    expect(tape.filter(({ type }) => type === 'dropped')).toHaveLength(2);
    expect(replay(tape, { limits: limits() }).map(({ id }) => id)).toEqual([0, 5, 6]);
    const richer = [budget({ limit: 99, name: 'run' }), concurrency({ limit: 9, name: 'slots' })];
    expect(() => replay(tape, { limits: richer })).toThrow(ReplayError);
  });

  it('should say where another limiter would decide otherwise', async () => {
    const work = { do: 'work', key: 0, cost: 1, takesMs: 10, isRefused: false } as const;
    const { tape } = await recorded([work, work, work]);
    const narrower = { ...options(), limits: [concurrency({ limit: 1 })] };
    expect(() => replay(tape, narrower)).toThrow(ReplayError);
  });
});
