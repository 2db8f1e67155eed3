// What all workers must agree on; from the environment, so that a demonstration can run fast.
const { env } = process;

export const settings = {
  redisUrl: env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  queue: env.QUEUE ?? 'videos',
  limits: {
    slots: Number(env.SLOTS ?? 3),
    requests: Number(env.REQUESTS ?? 30),
    intervalMs: Number(env.INTERVAL_MS ?? 60_000),
  },
  /** When BullMQ takes a worker that says nothing for dead, in ms. */
  lockMs: Number(env.LOCK_MS ?? 30_000),
  /** When sluice frees what a dead worker held, in ms: longer than a task takes. */
  leaseMs: Number(env.LEASE_MS ?? 300_000),
  pollMs: Number(env.POLL_MS ?? 10_000),
  kling: {
    apiKey: env.KLING_API_KEY ?? 'sim-key',
    ...(env.KLING_BASE_URL === undefined ? {} : { baseUrl: env.KLING_BASE_URL }),
  },
};
