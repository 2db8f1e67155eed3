import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { AcquireOptions, Permit } from '../../src/limiter/acquisition.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { Limit } from '../../src/limits/limit.js';
import { ClosableClock } from '../../src/redis/closableClock.js';
import { redisStore, type RedisStoreOptions } from '../../src/redis/redisStore.js';
import { VirtualClock } from '../virtualClock.js';
import { VirtualRedis } from './virtualRedis.js';

export const leaseMs = 1_200;

/** Processes that share limits over a real Redis, in virtual time; both begin anew with each test of the file. */
export function virtualProcesses(defaults: Partial<RedisStoreOptions> = {}) {
  let redis: VirtualRedis;
  let clock: VirtualClock;
  beforeAll(async () => {
    redis = await VirtualRedis.start();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    clock = new VirtualClock();
    await redis.reset();
  });

  /** One more of them. */
  function process(limits: readonly Limit[], options: Partial<RedisStoreOptions> = {}) {
    const client = redis.client(clock);
    const own = new ClosableClock(clock);
    const store = redisStore({ client, name: 'shared', leaseMs, ...defaults, ...options });
    const limiter = createLimiter({ limits, clock: own, store });
    const die = (): void => {
      client.cut();
      own.close();
    };
    return { client, limiter, store, die };
  }

  return {
    process,
    after: (ms: number) => redis.advance(clock, ms),
    get redis() {
      return redis;
    },
    get clock() {
      return clock;
    },
  };
}

/** Pieces of work that wait for a limiter, and last until they are ended. */
export class Works {
  readonly errors: unknown[] = [];
  readonly #permits: Permit[] = [];
  /** How many have started, those that have ended included. */
  started = 0;

  constructor(limiter: Limiter, count: number, options: AcquireOptions = {}) {
    for (let i = 0; i < count; i++) {
      limiter.acquire(options).then(
        (permit) => {
          this.started++;
          this.#permits.push(permit);
        },
        (error: unknown) => this.errors.push(error),
      );
    }
  }

  get running(): number {
    return this.#permits.length;
  }

  /** Ends the one that started first. */
  end(): void {
    this.#permits.shift()!.release();
  }

  endAll(): void {
    while (this.running > 0) this.end();
  }
}
