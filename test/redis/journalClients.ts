import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { spawnSync } from 'node:child_process';
import { describe, onTestFinished } from 'vitest';
import type { Claim } from '../../src/journal/journal.js';
import type { RedisClient } from '../../src/redis/client.js';
import { redisJournal, type RedisJournalOptions } from '../../src/redis/journal.js';
import type { RedisServer } from './redisServer.js';

/** `describe`, where there is a `redis-server` to try it with; skipped where there is none. */
export const describeOverRedis: ReturnType<typeof describe.skipIf> = describe.skipIf(
  spawnSync('redis-server', ['--version']).status !== 0,
);

/** The clients that sluice works with. */
export const clientKinds = ['redis', 'ioredis'] as const;

export type ClientKind = (typeof clientKinds)[number];

/** A connected client for one test. */
export async function connected({ url }: RedisServer, kind: ClientKind = 'redis'): Promise<RedisClient> {
  if (kind === 'ioredis') {
    const client = new Redis(url, { retryStrategy: () => 20 });
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    return client;
  }
  const client = createClient({ url, socket: { reconnectStrategy: () => 20 } });
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => {
    if (client.isOpen) client.destroy();
  });
  return client;
}

/** What a person would type into redis-cli. */
export async function command({ url }: RedisServer, ...words: readonly string[]): Promise<unknown> {
  const client = createClient({ url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await client.sendCommand(words);
  } finally {
    client.destroy();
  }
}

/** As if nothing had ever been there. */
export async function flush(redis: RedisServer): Promise<void> {
  await command(redis, 'FLUSHALL');
}

/** Several workers on one journal, each of which has it open. */
export async function workersOn(server: RedisServer, count: number, options: Omit<RedisJournalOptions, 'client'>) {
  const client = await connected(server);
  const workers = Array.from({ length: count }, () => redisJournal({ client, ...options }));
  for (const worker of workers) await worker.open();
  return workers;
}

export function ours(claim: Claim): Extract<Claim, { isOurs: true }> {
  if (!claim.isOurs) throw new Error('it is another worker’s');
  return claim;
}

export function anothers(claim: Claim): Extract<Claim, { isOurs: false }> {
  if (claim.isOurs) throw new Error('it is ours');
  return claim;
}
