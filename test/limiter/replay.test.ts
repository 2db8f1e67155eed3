import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReplayError } from '../../src/errors.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import { replay, type Decision } from '../../src/limiter/replay.js';
import type { TapeEntry } from '../../src/limiter/tape.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { runs } from '../runs.js';
import { VirtualClock } from '../virtualClock.js';

const options = (): LimiterOptions => ({
  limits: [
    slidingWindow({ limit: 5, intervalMs: 100, name: 'rate' }),
    concurrency({ limit: 3, name: 'slots' }),
    perKey(() => concurrency({ limit: 2, name: 'own' })),
    dailyQuota({ limit: 50, name: 'credits' }),
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
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** Lives through the steps, looks at the limiter now and then, and returns what was written down. */
async function recorded(steps: readonly Step[]): Promise<{ tape: TapeEntry[]; decisions: Decision[] }> {
  const clock = new VirtualClock();
  const tape: TapeEntry[] = [];
  const limiter = createLimiter({ ...options(), clock, random: () => 0.5, record: (entry) => tape.push(entry) });
  limiter.on(() => undefined);
  for (const it of steps) {
    if (it.do === 'work') {
      const work = (): Promise<void> =>
        new Promise((resolve, reject) =>
          clock.schedule(it.takesMs, () => (it.isRefused ? reject(new Error()) : resolve())),
        );
      limiter.run(work, { key: it.key, cost: it.cost, id: it.key }).catch(() => undefined);
    } else if (it.do === 'wait') clock.advance(it.ms);
    else if (it.do === 'cool') limiter.coolDown(it.ms);
    else limiter.update({ slots: { limit: it.limit } });
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

  it('should say where another limiter would decide otherwise', async () => {
    const work = { do: 'work', key: 0, cost: 1, takesMs: 10, isRefused: false } as const;
    const { tape } = await recorded([work, work, work]);
    const narrower = { ...options(), limits: [concurrency({ limit: 1 })] };
    expect(() => replay(tape, narrower)).toThrow(ReplayError);
  });
});
