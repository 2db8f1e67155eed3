import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';
import { expect, onTestFinished } from 'vitest';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { systemClock } from '../../src/clock.js';
import type { RedisStoreOptions } from '../../src/redis/redisStore.js';
import type { RedisServer } from './redisServer.js';

export type LimitOf = readonly [
  'slidingWindow' | 'concurrency' | 'evenly' | 'dailyQuota',
  Readonly<Record<string, unknown>>,
];

/** What the server has seen of one request: when it arrived and when it was answered, in ms of the machine's clock. */
export interface Entry {
  readonly worker: string;
  readonly number: number;
  readonly arrivedAtMs: number;
  answeredAtMs: number;
}

/** The machine's monotonic clock, which all of its processes read alike, in ms. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Somebody else's server, which keeps books of what it was sent. It answers after 2 to 40 ms. */
export class BookedServer {
  readonly entries: Entry[] = [];
  readonly #random = seededRandom(1);
  readonly #server: Server;
  readonly #startsWith: number;
  #starters: ServerResponse[] = [];
  #watchers: (() => void)[] = [];

  private constructor(startsWith: number) {
    this.#startsWith = startsWith;
    this.#server = createServer(({ url = '' }, response) => this.#serve(new URL(url, 'http://localhost'), response));
  }

  /** @param startsWith so many workers begin together. It ends with the test. */
  static async start(startsWith: number): Promise<BookedServer> {
    const booked = new BookedServer(startsWith);
    // Who waits for Redis keeps its connection meanwhile.
    booked.#server.keepAliveTimeout = 120_000;
    booked.#server.listen(0, '127.0.0.1');
    await once(booked.#server, 'listening');
    onTestFinished(() => {
      booked.#server.closeAllConnections();
      booked.#server.close();
    });
    return booked;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves once that many have arrived. */
  async hasSeen(count: number): Promise<void> {
    while (this.entries.length < count) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  of(worker: string): readonly Entry[] {
    return this.entries.filter((entry) => entry.worker === worker);
  }

  /** The most that any half-open window saw, counted at arrival or at the answer, whichever is more. */
  mostIn(intervalMs: number, entries: readonly Entry[] = this.entries): number {
    return Math.max(
      mostWithin(
        entries.map(({ arrivedAtMs }) => arrivedAtMs),
        intervalMs,
      ),
      mostWithin(
        entries.map(({ answeredAtMs }) => answeredAtMs),
        intervalMs,
      ),
    );
  }

  /** The most that were in flight at once. */
  mostInFlight(entries: readonly Entry[] = this.entries): number {
    const steps = entries.flatMap(({ arrivedAtMs, answeredAtMs }) => [
      { atMs: arrivedAtMs, change: 1 },
      { atMs: answeredAtMs, change: -1 },
    ]);
    let inFlight = 0;
    let most = 0;
    for (const { change } of steps.toSorted((a, b) => a.atMs - b.atMs || a.change - b.change)) {
      inFlight += change;
      most = Math.max(most, inFlight);
    }
    return most;
  }

  /** Nobody saw more than the limits let, wherever between sending and answering one counts. */
  expectWithin(limits: { readonly perWindow: number; readonly intervalMs: number; readonly atOnce: number }): void {
    expect(this.mostIn(limits.intervalMs)).toBeLessThanOrEqual(limits.perWindow);
    expect(this.mostInFlight()).toBeLessThanOrEqual(limits.atOnce);
  }

  /** Each piece of work has arrived once. */
  expectOnce(count: number): void {
    expect(new Set(this.entries.map(({ worker, number }) => `${worker}/${number}`)).size).toBe(count);
    expect(this.entries).toHaveLength(count);
  }

  #serve(url: URL, response: ServerResponse): void {
    if (url.pathname === '/start') {
      this.#start(response);
      return;
    }
    const [worker, number] = [url.searchParams.get('worker')!, Number(url.searchParams.get('number'))];
    const entry: Entry = { worker, number, arrivedAtMs: monotonicMs(), answeredAtMs: Infinity };
    this.entries.push(entry);
    const latencyMs = Number(url.searchParams.get('ms') ?? 2 + 38 * this.#random());
    systemClock.schedule(latencyMs, () => {
      entry.answeredAtMs = monotonicMs();
      response.end('done');
    });
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const tell of watchers) tell();
  }

  #start(response: ServerResponse): void {
    this.#starters.push(response);
    if (this.#starters.length < this.#startsWith) return;
    for (const starter of this.#starters.splice(0)) starter.end();
  }
}

function mostWithin(instants: readonly number[], intervalMs: number): number {
  const sorted = instants.toSorted((a, b) => a - b);
  let from = 0;
  let most = 0;
  for (let to = 0; to < sorted.length; to++) {
    while (sorted[to]! - sorted[from]! >= intervalMs) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

export interface WorkerTask {
  readonly kind?: 'redis' | 'ioredis' | 'redis-cluster' | 'ioredis-cluster';
  readonly url?: string;
  /** The ports of a cluster. */
  readonly nodes?: readonly number[];
  readonly clientOptions?: Readonly<Record<string, unknown>>;
  readonly connects?: boolean;
  readonly store: Omit<RedisStoreOptions, 'client'>;
  readonly limits: readonly LimitOf[];
  readonly works: number;
  readonly keys?: readonly string[];
  /** How long its requests take at the server, in ms. */
  readonly heavyMs?: number;
  readonly clock?: { readonly epochMs?: number; readonly originMs?: number };
  readonly thenAfterMs?: number;
  readonly thenWorks?: number;
}

/** What a worker has to tell at its end. */
export interface Told {
  readonly id: string;
  /** When each piece of work started and ended there, in ms of the machine's clock. */
  readonly runs: readonly (readonly [startMs: number, endMs: number])[];
  readonly errors: readonly (readonly [code: string, message: string, atMs: number])[];
  readonly events: readonly (readonly [type: string, atMs: number])[];
}

/** A process that shares a limiter. */
export class SharingWorker {
  readonly id: string;
  readonly child: ChildProcess;
  /** What it told, once it has ended by itself. */
  readonly ended: Promise<Told>;

  constructor(id: string, port: number, task: WorkerTask) {
    this.id = id;
    const script = join(import.meta.dirname, 'sharingWorker.js');
    this.child = spawn(process.execPath, [script, JSON.stringify({ kind: 'redis', ...task, id, port })], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface({ input: this.child.stdout! }).on('line', (line) => lines.push(line));
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      if (code !== 0) throw new Error(`worker ${id} ended with ${code ?? signal}`);
      return JSON.parse(lines.at(-1)!) as Told;
    });
    this.ended.catch(() => undefined);
  }

  stop(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** Processes that share a limiter, and the server that they all ask. */
export async function sharing(redis: RedisServer, count: number, task: (index: number) => WorkerTask) {
  const server = await BookedServer.start(count);
  const workers = Array.from(
    { length: count },
    (_, index) => new SharingWorker(`w${index}`, server.port, { url: redis.url, ...task(index) }),
  );
  return { server, workers, ended: () => Promise.all(workers.map(({ ended }) => ended)) };
}

/** A connection to Redis for what the test itself asks of it. */
export async function admin({ url }: { readonly url: string }) {
  const client = createClient({ url, socket: { reconnectStrategy: () => 20 } });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => {
    if (client.isOpen) client.destroy();
  });
  return {
    client,
    send: (...args: string[]) => client.sendCommand(args),
    /** How many scripts it has run. */
    scripts: async () => {
      const info = await client.info('commandstats');
      return [...info.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
    },
  };
}

/**
 * What is left to wish for: how long the work took at the least that any scheduler could have done it in, as a share of
 * how long it took. Each unit of a window that counts to the end takes one of `limit` places from its start to its end
 * and an interval more; the work, in the order of its starts and as long as it took, each in the place that is free first.
 */
export function utilisation(tolds: readonly Told[], limit: number, intervalMs: number): number {
  const runs = tolds.flatMap(({ runs }) => runs).toSorted((a, b) => a[0] - b[0]);
  const firstMs = runs[0]![0];
  const free = Array.from({ length: limit }, () => 0);
  let idealMs = 0;
  for (const [startMs, endMs] of runs) {
    const place = free.indexOf(Math.min(...free));
    const doneMs = free[place]! + (endMs - startMs);
    free[place] = doneMs + intervalMs;
    idealMs = Math.max(idealMs, doneMs);
  }
  return idealMs / (Math.max(...runs.map(([, endMs]) => endMs)) - firstMs);
}
