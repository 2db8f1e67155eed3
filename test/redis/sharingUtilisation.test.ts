import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import type { Limit } from '../../src/limits/limit.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import type { IoRedisClient } from '../../src/redis/client.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { VirtualClock } from '../virtualClock.js';
import { utilisation, type Told } from './sharing.js';
import { VirtualRedis } from './virtualRedis.js';

let redis: VirtualRedis;
beforeAll(async () => {
  redis = await VirtualRedis.start();
});
afterAll(() => redis.close());

/** A client whose every call takes `byMs` there, and as long back. */
function far(client: IoRedisClient, clock: VirtualClock, byMs: number): IoRedisClient {
  const way = () => new Promise<void>((resolve) => clock.schedule(byMs, resolve));
  const ask = async (run: () => Promise<unknown>): Promise<unknown> => {
    if (byMs > 0) await way();
    const answer = await run();
    if (byMs > 0) await way();
    return answer;
  };
  return {
    status: 'ready',
    evalsha: (...call) => ask(() => client.evalsha(...call)),
    eval: (...call) => ask(() => client.eval(...call)),
    duplicate: () => {
      const own = client.duplicate() as { on(event: string, listener: (...args: string[]) => void): void };
      return {
        ...own,
        on: (event: string, listener: (...args: string[]) => void) => {
          if (event === 'ready') {
            queueMicrotask(listener);
            return;
          }
          own.on(event, (...heard) => {
            if (byMs === 0) listener(...heard);
            else clock.schedule(byMs, () => listener(...heard));
          });
        },
      };
    },
  };
}

const perWindow = 50;
const intervalMs = 1_000;
const works = 60;

/** @param mostMs how long work takes at the most */
async function utilised(limits: () => Limit[], wayMs: number, mostMs = 40) {
  await redis.reset();
  redis.calls = 0;
  const clock = new VirtualClock();
  const random = seededRandom(2);
  const tolds: Told[] = [];
  let left = 8 * works;
  for (let process = 0; process < 8; process++) {
    const store = redisStore({ client: far(redis.client(clock), clock, wayMs), name: 'shared' });
    const limiter = createLimiter({ limits: limits(), clock, store });
    const runs: [number, number][] = [];
    tolds.push({ id: String(process), runs, errors: [], events: [] });
    for (let number = 0; number < works; number++) {
      void limiter.run(async () => {
        const startMs = clock.elapsedMs;
        await new Promise<void>((resolve) => clock.schedule(2 + (mostMs - 2) * random(), resolve));
        runs.push([startMs, clock.elapsedMs]);
        left--;
      });
    }
  }
  while (left > 0) await redis.advance(clock, 100);
  return { tolds, callsEach: redis.calls / (8 * works) };
}

describe('eight processes, in time that only the limits take', () => {
  const window = () => slidingWindow({ limit: perWindow, intervalMs, name: 'window' });

  // Work that takes longer spreads its ends, and each unit becomes free at an instant of its own.
  it.each([
    [0, 40, 0.999, 0.25],
    [1, 40, 0.99, 0.25],
    [0, 600, 0.999, 0.6],
    [1, 600, 0.99, 0.6],
  ])(
    'should use a window that counts to the end whole, over a way of %s ms, for work of up to %s ms',
    async (wayMs, mostMs, least, mostCalls) => {
      const { tolds, callsEach } = await utilised(() => [window()], wayMs, mostMs);
      expect(utilisation(tolds, perWindow, intervalMs)).toBeGreaterThan(least);
      expect(callsEach).toBeLessThanOrEqual(mostCalls);
    },
  );

  it.each([
    [20, 40, 0.99, 1],
    [20, 600, 0.96, 1],
    [50, 600, 0.99, 0.95],
  ])('should use a window whole beside %s slots, for work of up to %s ms', async (slots, mostMs, least, mostCalls) => {
    const limits = () => [window(), concurrency({ limit: slots, name: 'slots' })];
    const { tolds, callsEach } = await utilised(limits, 1, mostMs);
    expect(utilisation(tolds, perWindow, intervalMs)).toBeGreaterThan(least);
    expect(callsEach).toBeLessThanOrEqual(mostCalls);
  });

  it('should use slots whole, with a call for each', async () => {
    const { tolds, callsEach } = await utilised(() => [concurrency({ limit: 6, name: 'slots' })], 0);
    // Slots are a window of no length.
    expect(utilisation(tolds, 6, 0)).toBeGreaterThan(0.98);
    expect(callsEach).toBeLessThanOrEqual(1.05);
  });
});
