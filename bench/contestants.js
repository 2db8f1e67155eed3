// How each library does the same thing. A contestant is made once a run; what it returns runs `n` trivial tasks, or one.
import Bottleneck from 'bottleneck';
import { Effect } from 'effect';
import fastq from 'fastq';
import { RateLimiter as TokenLimiter } from 'limiter';
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import pThrottle from 'p-throttle';
import { RateLimiterMemory, RateLimiterQueue } from 'rate-limiter-flexible';
import { mergeMap, range } from 'rxjs';
import { concurrency, concurrencyLimit, createLimiter, rateLimit, slidingWindow } from '../dist/operators/index.js';

const trivial = async (n) => n;
const drained = (observable) =>
  new Promise((resolve, reject) => observable.subscribe({ complete: resolve, error: reject }));
const all = (n, start) => Promise.all(Array.from({ length: n }, (_, i) => start(i)));

/** n trivial tasks, five at once. */
export const atOnce = {
  'bare floor': async (n) => {
    let next = 0;
    const worker = async () => {
      while (next < n) await trivial(next++);
    };
    await Promise.all([worker(), worker(), worker(), worker(), worker()]);
  },
  'sluice concurrencyLimit': (n) => drained(range(0, n).pipe(concurrencyLimit(trivial, { limit: 5 }))),
  'sluice limiter.run': (n) => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 5 })] });
    return all(n, (i) => limiter.run(() => trivial(i)));
  },
  'p-limit': (n) => {
    const limit = pLimit(5);
    return all(n, (i) => limit(() => trivial(i)));
  },
  'p-queue': (n) => {
    const queue = new PQueue({ concurrency: 5 });
    return all(n, (i) => queue.add(() => trivial(i)));
  },
  fastq: (n) => {
    const queue = fastq.promise(trivial, 5);
    return all(n, (i) => queue.push(i));
  },
  bottleneck: (n) => {
    const limiter = new Bottleneck({ maxConcurrent: 5 });
    return all(n, (i) => limiter.schedule(() => trivial(i)));
  },
  effect: (n) =>
    Effect.runPromise(
      Effect.forEach(
        Array.from({ length: n }, (_, i) => i),
        (i) => Effect.promise(() => trivial(i)),
        { concurrency: 5, discard: true },
      ),
    ),
  'rxjs mergeMap': (n) => drained(range(0, n).pipe(mergeMap(trivial, 5))),
};

/** n admissions under a rate that does not bind. */
export const open = {
  'sluice rateLimit': (n) => drained(range(0, n).pipe(rateLimit({ limit: 10 * n, intervalMs: 60_000 }))),
  'sluice limiter.run': (n) => {
    const limiter = createLimiter({ limits: [slidingWindow({ limit: 10 * n, intervalMs: 60_000 })] });
    return all(n, (i) => limiter.run(() => trivial(i)));
  },
  'p-throttle': (n) => all(n, pThrottle({ limit: 10 * n, interval: 60_000 })(trivial)),
  'p-throttle strict': (n) => all(n, pThrottle({ limit: 10 * n, interval: 60_000, strict: true })(trivial)),
  'p-queue': (n) => {
    const queue = new PQueue({ intervalCap: 10 * n, interval: 60_000 });
    return all(n, (i) => queue.add(() => trivial(i)));
  },
  bottleneck: (n) => {
    const limiter = new Bottleneck({ reservoir: 10 * n });
    return all(n, (i) => limiter.schedule(() => trivial(i)));
  },
  limiter: async (n) => {
    const limiter = new TokenLimiter({ tokensPerInterval: 10 * n, interval: 60_000 });
    for (let i = 0; i < n; i++) await limiter.removeTokens(1);
  },
  'rate-limiter-flexible': async (n) => {
    const limiter = new RateLimiterMemory({ points: 10 * n, duration: 60 });
    for (let i = 0; i < n; i++) await limiter.consume('key');
  },
};

/** Starts of work under `limit` per `intervalMs`: each returns a function that starts one. */
export const rated = {
  'sluice limiter.run': (limit, intervalMs) => {
    const limiter = createLimiter({ limits: [slidingWindow({ limit, intervalMs })] });
    return (work, signal) => limiter.run(async () => work(), { signal });
  },
  'p-throttle': (limit, intervalMs) => {
    return pThrottle({ limit, interval: intervalMs })(async (work) => work());
  },
  'p-throttle strict': (limit, intervalMs) => {
    return pThrottle({ limit, interval: intervalMs, strict: true })(async (work) => work());
  },
  'p-queue': (limit, intervalMs) => {
    const queue = new PQueue({ intervalCap: limit, interval: intervalMs });
    return (work, signal) => queue.add(async () => work(), { signal });
  },
  'p-queue strict': (limit, intervalMs) => {
    const queue = new PQueue({ intervalCap: limit, interval: intervalMs, strict: true });
    return (work, signal) => queue.add(async () => work(), { signal });
  },
  bottleneck: (limit, intervalMs) => {
    const limiter = new Bottleneck({
      reservoir: limit,
      reservoirRefreshAmount: limit,
      reservoirRefreshInterval: intervalMs,
    });
    return (work) => limiter.schedule(async () => work());
  },
  limiter: (limit, intervalMs) => {
    const limiter = new TokenLimiter({ tokensPerInterval: limit, interval: intervalMs });
    return async (work) => {
      await limiter.removeTokens(1);
      return work();
    };
  },
  'rate-limiter-flexible': (limit, intervalMs) => {
    const memory = new RateLimiterMemory({ points: limit, duration: intervalMs / 1000 });
    const queue = new RateLimiterQueue(memory, { maxQueueSize: 1e6 });
    return async (work) => {
      await queue.removeTokens(1);
      return work();
    };
  },
};

/** n values that wait and leave, 50,000 a second. */
export const queued = {
  'sluice rateLimit': (n) => drained(range(0, n).pipe(rateLimit({ limit: 5_000, intervalMs: 100 }))),
  ...Object.fromEntries(
    Object.entries(rated)
      .filter(([name]) => !['limiter', 'rate-limiter-flexible'].includes(name))
      .map(([name, make]) => [
        name,
        (n) => {
          const start = make(5_000, 100);
          return all(n, () => start(() => undefined));
        },
      ]),
  ),
};

/** n trivial tasks of many keys, five at once, handed in at once. */
export const keyed = {
  'sluice limiter.run, one key': keyedBy(1),
  'sluice limiter.run, 100 keys': keyedBy(100),
  'sluice limiter.run, 10000 keys': keyedBy(10_000),
};

function keyedBy(keys) {
  const places = Array.from({ length: keys }, (_, key) => ({ key }));
  return (n) => {
    const limiter = createLimiter({ limits: [concurrency({ limit: 5 })] });
    return all(n, (i) => limiter.run(() => trivial(i), places[i % keys]));
  };
}
