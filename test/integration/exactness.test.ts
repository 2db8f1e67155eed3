import { once } from 'node:events';
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

/** Makes all the requests through a limiter at a server that keeps books, and hands these out. */
async function booksOf(seed: number, use: (limiter: Limiter, get: () => Promise<unknown>) => Promise<unknown>) {
  const workerData = { leastMs: 2, mostMs: 40, seed };
  const server = new Worker(new URL('./countingServer.js', import.meta.url), { workerData });
  const [{ port }] = (await once(server, 'message')) as [{ readonly port: number }];
  const dispatcher = new Agent({ keepAliveTimeout: 30_000 });
  const limiter = createLimiter({ limits: [slidingWindow({ limit, intervalMs })] });
  await use(limiter, async () => {
    const { body } = await request(`http://127.0.0.1:${port}/`, { dispatcher });
    return body.text();
  });
  const closing = once(server, 'message');
  server.postMessage('close');
  const [{ books }] = (await closing) as [{ readonly books: readonly Entry[] }];
  await dispatcher.close();
  return books;
}

/** The most requests in any half-open window of the interval, each counted at the instant that is worst. */
function worstWindow(books: readonly { readonly fromMs: number; readonly toMs: number }[]): number {
  // A window that begins as a request is counted for the last time holds all that any other window does.
  const counts = books.map(({ toMs: beginsMs }) => {
    return books.filter(({ fromMs, toMs }) => fromMs < beginsMs + intervalMs && toMs >= beginsMs).length;
  });
  return Math.max(...counts);
}

let all: readonly { readonly through: string; readonly books: readonly Entry[] }[] = [];

beforeAll(async () => {
  const [byRun, byOperator] = await Promise.all([
    booksOf(1, (limiter, get) => Promise.all(Array.from({ length: requests }, () => limiter.run(get)))),
    booksOf(2, (limiter, get) => lastValueFrom(range(requests).pipe(concurrencyLimit(get, { limiter }), toArray()))),
  ]);
  all = [
    { through: 'limiter.run', books: byRun },
    { through: 'concurrencyLimit', books: byOperator },
  ];
});

describe.each([{ through: 'limiter.run' }, { through: 'concurrencyLimit' }])(
  `${requests} requests at ${limit} in ${intervalMs} ms, through $through`,
  ({ through }) => {
    const booked = (): readonly Entry[] => all.find((it) => it.through === through)?.books ?? [];

    it('all arrive', () => {
      expect(booked()).toHaveLength(requests);
    });

    it.each([
      { when: 'at their arrival', of: (it: Entry) => [it.receivedAtMs, it.receivedAtMs] as const },
      { when: 'somewhere on the way', of: (it: Entry) => [it.countedAtMs, it.countedAtMs] as const },
      { when: 'at their answer', of: (it: Entry) => [it.answeredAtMs, it.answeredAtMs] as const },
      { when: 'when it is worst', of: (it: Entry) => [it.receivedAtMs, it.answeredAtMs] as const },
    ])('are never over the limit, counted $when', ({ of }) => {
      const counted = booked().map((entry) => {
        const [fromMs, toMs] = of(entry);
        return { fromMs, toMs };
      });
      expect(worstWindow(counted)).toBe(limit);
    });

    it('take no longer than they must: the ideal, 2 % and a latency a window', () => {
      const books = booked();
      const windows = requests / limit - 1;
      const latencyMs = Math.max(...books.map(({ receivedAtMs, answeredAtMs }) => answeredAtMs - receivedAtMs));
      const startsMs = books.map(({ receivedAtMs }) => receivedAtMs);
      const makespanMs = Math.max(...startsMs) - Math.min(...startsMs);
      expect(makespanMs).toBeGreaterThanOrEqual(windows * intervalMs);
      expect(makespanMs).toBeLessThanOrEqual(windows * intervalMs * 1.02 + windows * latencyMs);
    });
  },
);
