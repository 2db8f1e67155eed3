import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { OptionsError } from '../errors.js';
import type { LimiterStore } from '../limiter/store.js';
import type { Limit } from '../limits/limit.js';
import { parseOptions, positiveMs } from '../options.js';
import { aheadMsOf, countsForMs, planned } from './admission/plan.js';
import { ProcessStore } from './admission/processStore.js';
import { SharedGate } from './admission/sharedGate.js';
import { isRedisClient, type RedisClient } from './client.js';

export interface RedisStoreOptions {
  /** A connected client of `redis` or `ioredis`, of 5 or later. It stays yours: close it after the store. */
  readonly client: RedisClient;
  /** What the limits are known by: all who give the same name, and the same limits, share them. 1 to 200 characters, no braces. */
  readonly name: string;
  /**
   * For how long after it was last heard of a process is taken to be alive, in ms; at least 1000. It is renewed three
   * times as often, by one command for all that a process holds. What a dead one held is free after it.
   * @defaultValue 30000
   */
  readonly leaseMs?: number;
  /**
   * What becomes of work that waits while Redis is out of reach: `wait`, for as long as it takes; `fail`, it is given up
   * with StoreLostError, and so is what comes until Redis is back; `local-share`, each process goes on with an equal
   * share of each limit, rounded down, beginning when nothing of the time before can count any more; of quotas and
   * budgets, of what was lately known to be left. One that has never reached Redis does not know of how many it is one,
   * and waits.
   * @defaultValue 'wait'
   */
  readonly onStoreLost?: 'wait' | 'fail' | 'local-share';
  /** From when on a call without an answer means that Redis is lost, in ms (over 0). @defaultValue 5000 */
  readonly lostAfterMs?: number;
}

/** Limits that are kept in Redis, for `createLimiter({ store })`. */
export interface RedisStore extends LimiterStore {
  /**
   * Tells Redis what has ended here, and ends the connection that it listens on; to be awaited before the client is closed.
   * What is held stays held until its lease runs out; what waits, and what comes, is given up with StoreLostError.
   */
  close(): Promise<void>;
}

const schema = z.strictObject({
  client: z.custom<RedisClient>(isRedisClient, 'must be a client of `redis` or `ioredis`, of 5 or later'),
  name: z
    .string()
    .regex(/^[^{}]+$/, 'must have a character, and no braces')
    .max(200),
  leaseMs: z.number().min(1_000).default(30_000),
  onStoreLost: z.enum(['wait', 'fail', 'local-share']).default('wait'),
  lostAfterMs: z._default(positiveMs, 5_000),
});

/** What makes no room at once may wait for company: for a quarter of a window, and so long at the most, in ms. */
const mostLingerMs = 250;

/**
 * Keeps a limiter's limits in Redis (7 or Valkey), for all processes that give the same name: the same limits, admitted
 * all or nothing by one script, on Redis' own clock; the same cool-down; keys and processes take turns.
 *
 * ```ts
 * const store = redisStore({ client: await createClient().connect(), name: 'kling' });
 * const limiter = createLimiter({ limits: [slidingWindow({ limit: 30, intervalMs: 60_000 })], store });
 * ```
 *
 * What a process holds it holds by a lease, which it renews. A window counts a unit until its work has ended, so what a
 * server sees is exact whatever the way to Redis takes; and a Redis that has lost its data, or went back to older ones,
 * lets nothing start until what it no longer knows of cannot count any more.
 *
 * Keys must be strings, numbers or booleans. `snapshot`, `explain` and `forecast` tell what was last heard of the limits;
 * `record` is not possible. With limits of one process, leave `store` out: it decides without a round trip.
 *
 * @throws OptionsError
 */
export function redisStore(options: RedisStoreOptions): RedisStore {
  const { client, name, ...rest } = parseOptions(schema, options, 'redisStore');
  let open: ProcessStore | undefined;
  return {
    open({ limits, coolDown, clock, random }) {
      if (open !== undefined) {
        throw new OptionsError('redisStore: is for one limiter: make another store of the same name', 'store');
      }
      for (const limit of limits) planned(limit);
      const spanMs = longestSpanMs(limits);
      // What an end makes room for at once is told at once.
      const endsMakeRoom = limits.some((limit) => limit.kind === 'slots' || limit.left !== undefined);
      const store = new ProcessStore(
        {
          ...rest,
          client,
          name,
          prefix: `sluice:{${name}}`,
          limits,
          clock,
          random,
          graceMs: Math.max(rest.leaseMs, spanMs),
          aheadMs: aheadMsOf(limits),
          lingerMs: Math.min(mostLingerMs, spanMs / 4),
          endsMakeRoom,
        },
        randomBytes(9).toString('hex'),
        (tell) => new SharedGate(coolDown, random, tell),
      );
      open = store;
      return { store, coolDown: store.gate };
    },
    close: async () => open?.close(),
  };
}

function longestSpanMs(limits: readonly Limit[]): number {
  return Math.max(0, ...limits.map((limit) => (limit.describe === undefined ? 0 : countsForMs(limit.describe()))));
}
