import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StoreLostError } from '../../src/errors.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import type { IoRedisClient } from '../../src/redis/client.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { VirtualClock } from '../virtualClock.js';
import { VirtualRedis } from './virtualRedis.js';

let redis: VirtualRedis;
beforeAll(async () => {
  redis = await VirtualRedis.start();
});
beforeEach(() => redis.reset());
afterAll(() => redis.close());

const never = new Promise<never>(() => undefined);

/** A client that loses one of its calls without a word, as a cluster's does now and then as a master is replaced. */
function losing(client: IoRedisClient, nth: number, lost: (run: () => Promise<unknown>) => Promise<unknown>) {
  let count = 0;
  const call = (run: () => Promise<unknown>): Promise<unknown> => (++count === nth ? lost(run) : run());
  return {
    status: 'ready',
    evalsha: (...args: Parameters<IoRedisClient['evalsha']>) => call(() => client.evalsha(...args)),
    eval: (...args: Parameters<IoRedisClient['eval']>) => client.eval(...args),
    duplicate: () => client.duplicate(),
  };
}

const workMs = 1_000;
const patienceMs = 5_000;

describe.each([
  ['never sends it', () => never],
  ['never hears its answer', (run: () => Promise<unknown>) => run().then(() => never)],
])('a client that %s', (_, lost) => {
  it.each([1, 2, 4])('makes a call again: number %s', async (nth) => {
    const { workedMs, starts } = await work((client) => losing(client, nth, lost));
    expect(starts).toBe(12);
    // Six rounds of two slots, and one wait until the call is made again.
    expect(workedMs).toBeGreaterThanOrEqual(6 * workMs);
    expect(workedMs).toBeLessThanOrEqual(6 * workMs + patienceMs + 100);
  });
});

it('takes no harm from a call that arrives when it has long been made again', async () => {
  const { workedMs, starts } = await work((client, clock) =>
    losing(client, 3, async (run) => {
      await new Promise<void>((resolve) => clock.schedule(patienceMs + 2_500, resolve));
      return run();
    }),
  );
  expect(starts).toBe(12);
  expect(workedMs).toBeLessThanOrEqual(6 * workMs + patienceMs + 100);
});

it('leaves no timer behind, closed while a call is unanswered', async () => {
  const clock = new VirtualClock();
  const store = redisStore({ client: losing(redis.client(clock), 1, () => never), name: 'closed' });
  const limiter = createLimiter({ limits: [concurrency({ limit: 2, name: 'slots' })], clock, store });
  const given = limiter.run(() => Promise.resolve()).catch((error: unknown) => error);
  await redis.advance(clock, 100);
  expect(clock.pending).toBeGreaterThan(0);
  const closing = store.close();
  await redis.advance(clock, 2_000);
  await closing;
  expect(await given).toBeInstanceOf(StoreLostError);
  expect(clock.pending).toBe(0);
});

/** Twelve pieces of work in two slots: how long they took, and how often one started. */
async function work(clientOf: (client: IoRedisClient, clock: VirtualClock) => IoRedisClient) {
  const clock = new VirtualClock();
  const client = clientOf(redis.client(clock), clock);
  const store = redisStore({ client, name: 'silent' });
  const limiter = createLimiter({ limits: [concurrency({ limit: 2, name: 'slots' })], clock, store });
  let [starts, ended, workedMs] = [0, 0, 0];
  for (let number = 0; number < 12; number++) {
    void limiter.run(async () => {
      starts++;
      await new Promise<void>((resolve) => clock.schedule(workMs, resolve));
      ended++;
      workedMs = clock.elapsedMs;
    });
  }
  while (ended < 12 && clock.elapsedMs < 120_000) await redis.advance(clock, 500);
  return { workedMs, starts };
}
