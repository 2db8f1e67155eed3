import type * as Redis from 'redis';
import type { Cancel } from '../operators/index.js';
import type { NodeRedisClient } from '../src/redis/index.js';
import { Outage } from './outage.js';
import { messageOf } from './text.js';
import { parseDuration } from './units.js';
import { UsageError } from './usageError.js';

/** Which run, of those in a Redis, and the way there. */
export interface RedisRun {
  readonly name: string;
  /** How long after it was last heard of a worker counts as dead, in ms; undefined: as the journal has it. */
  readonly leaseMs: number | undefined;
  /** Connected; whoever else shares something in Redis may use it, too. */
  readonly client: NodeRedisClient;
  /** Hears why the journal in it has to wait, and of undefined as it has to no more. */
  readonly onJournalAway: (why: unknown) => void;
  /** Told that Redis is away and why, once each time, and that it is back. While nobody listens, standard error is told. */
  onAway(listener: (notice: string) => void): Cancel;
  /** Cuts the connection. */
  close(): void;
}

export interface RedisFlags {
  readonly redis?: string;
  readonly run?: string;
  readonly lease?: number;
}

/**
 * Connects to the Redis of a run that several workers share; undefined where there is none.
 *
 * @throws UsageError where only one of the flags was given, the package `redis` is not there, or Redis is not
 */
export async function connectRedis({
  redis: url,
  run: name,
  lease: leaseMs,
}: RedisFlags): Promise<RedisRun | undefined> {
  if (url === undefined && name === undefined && leaseMs === undefined) return undefined;
  if (url === undefined && name === undefined) throw new UsageError('--lease is for --redis');
  if (name === undefined) throw new UsageError('--redis needs --run: the name that all workers of one run give');
  if (url === undefined) throw new UsageError('--run needs --redis: the address of the Redis that all workers share');
  const { createClient } = await loadRedis();
  let isThere = false;
  const client = createClient({
    url,
    socket: {
      // A server that was never there is a mistake, to be told at once; one that is away will come back.
      reconnectStrategy: (retries, cause) => (isThere ? Math.min(2_000, 50 * 2 ** retries) : cause),
    },
  });
  const outage = new Outage();
  client.on('error', (error: unknown) => {
    if (isThere) outage.hear('connection', whyOf(error));
  });
  client.on('ready', () => outage.hear('connection', undefined));
  try {
    await client.connect();
  } catch (error) {
    throw new UsageError(`--redis: ${new URL(url).host} cannot be used (${whyOf(error)}); nothing was submitted`, {
      cause: error,
    });
  }
  isThere = true;
  return {
    name,
    leaseMs,
    client,
    onJournalAway: (why) => outage.hear('journal', why === undefined ? undefined : whyOf(why)),
    onAway: (listener) => outage.on(listener),
    close: () => {
      if (client.isOpen) client.destroy();
    },
  };
}

/** An address of Redis. @throws UsageError */
export function parseRedisUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (protocol === 'redis:' || protocol === 'rediss:') return text;
  throw new UsageError('must be like redis://host:6379, or rediss:// for TLS');
}

/** A lease, in ms. @throws UsageError */
export function parseLease(text: string): number {
  const leaseMs = parseDuration(text);
  if (leaseMs >= 1_000 && leaseMs <= 3_600_000) return leaseMs;
  throw new UsageError('must be from 1s to 60m');
}

/** The name of a run. @throws UsageError */
export function parseRunName(text: string): string {
  if (/^[\w.-]{1,100}$/.test(text)) return text;
  throw new UsageError('must be 1 to 100 of A-Z a-z 0-9 _ . -');
}

/** Whoever needs no Redis needs no client for it. */
async function loadRedis(): Promise<Pick<typeof Redis, 'createClient'>> {
  try {
    return await import('redis');
  } catch (error) {
    throw new UsageError('--redis needs the package "redis", which is not there: npm install redis', { cause: error });
  }
}

function whyOf(error: unknown): string {
  // Where a name has several addresses, the reason is with each of them.
  const [first = error] = error instanceof AggregateError ? (error.errors as readonly unknown[]) : [];
  return messageOf(first);
}
