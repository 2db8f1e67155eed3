import type { AcquireOptions, Permit } from '../../src/limiter/acquisition.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { Limit } from '../../src/limits/limit.js';
import { ClosableClock } from '../../src/redis/closableClock.js';
import { redisStore, type RedisStoreOptions } from '../../src/redis/redisStore.js';
import type { VirtualClock } from '../virtualClock.js';
import type { VirtualRedis } from './virtualRedis.js';

export const leaseMs = 1_200;

/** A process that shares limits, in virtual time. */
export function sharer(
  redis: VirtualRedis,
  clock: VirtualClock,
  limits: readonly Limit[],
  options: Partial<RedisStoreOptions> = {},
) {
  const client = redis.client(clock);
  const own = new ClosableClock(clock);
  const store = redisStore({ client, name: 'shared', leaseMs, ...options });
  const limiter = createLimiter({ limits, clock: own, store });
  const die = (): void => {
    client.cut();
    own.close();
  };
  return { client, limiter, store, die };
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
