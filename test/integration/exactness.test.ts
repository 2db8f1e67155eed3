import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { lastValueFrom, range, toArray } from 'rxjs';
import { Agent, request } from 'undici';
import { beforeAll, describe, expect, it } from 'vitest';
import { concurrencyLimit } from '../../operators/concurrencyLimit.js';
import { createLimiter } from '../../operators/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';

const limit = 50;
const intervalMs = 1_000;
const requests = 500;

/** What the server wrote down of a request; it may count it at any instant from the first to the last. */
interface Entry {
  readonly receivedAtMs: number;
  readonly countedAtMs: number;
  readonly answeredAtMs: number;
}

interface Run {
  readonly books: readonly Entry[];
  /** The longest that the machine has kept the server from its work, and us from ours. */
  readonly stallMs: number;
}

/** Makes all the requests through a limiter at a server that keeps books. */
async function runOf(
  seed: number,
  use: (limiter: Limiter, get: () => Promise<unknown>) => Promise<unknown>,
): Promise<Run> {
  const workerData = { leastMs: 2, mostMs: 40, seed };
  const server = new Worker(new URL('./countingServer.js', import.meta.url), { workerData });
  const [{ port }] = (await once(server, 'message')) as [{ readonly port: number }];
  const dispatcher = new Agent({ keepAliveTimeout: 30_000 });
  const limiter = createLimiter({ limits: [slidingWindow({ limit, intervalMs })] });
  const stalls = monitorEventLoopDelay({ resolution: 1 });
  stalls.enable();
  await use(limiter, async () => {
    const { body } = await request(`http://127.0.0.1:${port}/`, { dispatcher });
    return body.text();
  });
  const closing = once(server, 'message');
  server.postMessage('close');
  const [{ books, stallMs }] = (await closing) as [Run];
  await dispatcher.close();
  return { books, stallMs: stallMs + stalls.max / 1e6 };
}

/** The most requests in any half-open window of the interval, each counted at the instant that is worst. */
function worstWindow(books: readonly { readonly fromMs: number; readonly toMs: number }[]): number {
  // A window that begins as a request is counted for the last time holds all that any other window does.
  const counts = books.map(({ toMs: beginsMs }) => {
    return books.filter(({ fromMs, toMs }) => fromMs < beginsMs + intervalMs && toMs >= beginsMs).length;
  });
  return Math.max(...counts);
}

let all: Readonly<Record<string, Run>>;

beforeAll(async () => {
  const [byRun, byOperator] = await Promise.all([
    runOf(1, (limiter, get) => Promise.all(Array.from({ length: requests }, () => limiter.run(get)))),
    runOf(2, (limiter, get) => lastValueFrom(range(requests).pipe(concurrencyLimit(get, { limiter }), toArray()))),
  ]);
  all = { 'limiter.run': byRun, concurrencyLimit: byOperator };
});

describe.each([{ through: 'limiter.run' }, { through: 'concurrencyLimit' }])(
  `${requests} requests at ${limit} in ${intervalMs} ms, through $through`,
  ({ through }) => {
    const run = (): Run => all[through]!;

    it('all arrive', () => {
      expect(run().books).toHaveLength(requests);
    });

    it.each([
      { when: 'at their arrival', of: (it: Entry) => [it.receivedAtMs, it.receivedAtMs] as const },
      { when: 'somewhere on the way', of: (it: Entry) => [it.countedAtMs, it.countedAtMs] as const },
      { when: 'at their answer', of: (it: Entry) => [it.answeredAtMs, it.answeredAtMs] as const },
      { when: 'when it is worst', of: (it: Entry) => [it.receivedAtMs, it.answeredAtMs] as const },
    ])('are never over the limit, counted $when', ({ of }) => {
      const counted = run().books.map((entry) => {
        const [fromMs, toMs] = of(entry);
        return { fromMs, toMs };
      });
      expect(worstWindow(counted)).toBe(limit);
    });

    it('take no longer than they must: the ideal, 2 %, and for each window a latency and a stall of the machine', () => {
      const { books, stallMs } = run();
      const windows = requests / limit - 1;
      const latencyMs = Math.max(...books.map(({ receivedAtMs, answeredAtMs }) => answeredAtMs - receivedAtMs));
      const startsMs = books.map(({ receivedAtMs }) => receivedAtMs);
      const makespanMs = Math.max(...startsMs) - Math.min(...startsMs);
      expect(makespanMs).toBeGreaterThanOrEqual(windows * intervalMs);
      expect(makespanMs).toBeLessThanOrEqual(windows * (intervalMs * 1.02 + latencyMs + stallMs));
    });
  },
);
