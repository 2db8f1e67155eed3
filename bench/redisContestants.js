// Limits that processes share over Redis, as each library has them: made with a port, `limit` per `intervalMs`; what comes
// back starts one piece of work.
import Bottleneck from 'bottleneck';
import { Effect, Layer, ManagedRuntime } from 'effect';
import { RateLimiter, Redis as EffectRedis } from 'effect/persistence';
import { Redis } from 'ioredis';
import { RateLimiterQueue, RateLimiterRedis } from 'rate-limiter-flexible';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';
import { concurrency, createLimiter, slidingWindow } from '../dist/operators/index.js';
import { redisStore } from '../dist/src/redis/index.js';

const name = 'bench';

export const shared = {
  'sluice, window from the end': async (port, limit, intervalMs) => sluice(new Redis(port), { limit, intervalMs }),
  'sluice, node-redis': async (port, limit, intervalMs) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
    return sluice(client, { limit, intervalMs });
  },
  'sluice, window from the start': async (port, limit, intervalMs) =>
    sluice(new Redis(port), { limit, intervalMs, countUntil: 'start' }),
  'bottleneck, reservoir': async (port, limit, intervalMs) =>
    bottleneck(port, {
      reservoir: limit,
      reservoirRefreshAmount: limit,
      reservoirRefreshInterval: intervalMs,
    }),
  'rate-limiter-flexible, queue': async (port, limit, intervalMs) => {
    const queue = new RateLimiterQueue(flexible(port, limit, intervalMs), { maxQueueSize: 1e6 });
    return async (work) => {
      await queue.removeTokens(1);
      return work();
    };
  },
  'rate-limiter-flexible, retry': async (port, limit, intervalMs) => {
    const limiter = flexible(port, limit, intervalMs);
    return async (work) => {
      while (true) {
        const refusal = await limiter.consume(name).then(
          () => undefined,
          (refused) => refused,
        );
        if (refusal === undefined) return work();
        if (refusal instanceof Error) throw refusal;
        await sleep(refusal.msBeforeNext);
      }
    };
  },
  'effect, fixed-window': async (port, limit, intervalMs) => effect(port, limit, intervalMs, 'fixed-window'),
  'effect, token-bucket': async (port, limit, intervalMs) => effect(port, limit, intervalMs, 'token-bucket'),
};

/** Starts that are spread evenly, which is what some advise instead. */
export const even = {
  'bottleneck, minTime': async (port, limit, intervalMs) => bottleneck(port, { minTime: intervalMs / limit }),
};

/** Work in flight alone, over all processes. */
export const slots = {
  'sluice, concurrency': async (port, limit) => sluiceOf(new Redis(port), concurrency({ limit })),
  'bottleneck, maxConcurrent': async (port, limit) => bottleneck(port, { maxConcurrent: limit }),
};

/** The floor: a round trip. */
export const floor = {
  'one PING': async (port) => {
    const client = new Redis(port);
    return async (work) => {
      await client.ping();
      return work();
    };
  },
};

function sluice(client, options) {
  return sluiceOf(client, slidingWindow(options));
}

function sluiceOf(client, limit) {
  const limiter = createLimiter({ limits: [limit], store: redisStore({ client, name }) });
  return (work) => limiter.run(work);
}

async function bottleneck(port, options) {
  const limiter = new Bottleneck({ ...options, id: name, datastore: 'ioredis', Redis, clientOptions: { port } });
  await limiter.ready();
  return (work) => limiter.schedule(work);
}

function flexible(port, limit, intervalMs) {
  return new RateLimiterRedis({
    storeClient: new Redis(port),
    points: limit,
    duration: intervalMs / 1_000,
    keyPrefix: name,
  });
}

/** `@effect/platform-node` has a Redis client of its own for Node 22 on; here Effect's script runs over ioredis. */
async function effect(port, limit, window, algorithm) {
  const client = new Redis(port);
  const send = (command, ...args) => Effect.promise(() => client.call(command, ...args));
  const redis = EffectRedis.make({
    send,
    subscribe: () => Effect.die('not needed'),
    connect: Effect.succeed({ send, close: Effect.void }),
  });
  const store = Layer.effect(RateLimiter.RateLimiterStore, RateLimiter.makeStoreRedis({ prefix: `${name}:` }));
  const layer = RateLimiter.layer.pipe(Layer.provide(store), Layer.provide(Layer.effect(EffectRedis.Redis, redis)));
  const runtime = ManagedRuntime.make(layer);
  const limiter = await runtime.runPromise(RateLimiter.makeWithRateLimiter);
  const withLimit = limiter({ key: name, limit, window, algorithm, onExceeded: 'delay' });
  return (work) => runtime.runPromise(withLimit(Effect.promise(async () => work())));
}
