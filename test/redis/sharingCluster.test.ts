import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RedisServer } from './redisServer.js';
import { BookedServer, SharingWorker, type LimitOf } from './sharing.js';

const limits: readonly LimitOf[] = [
  ['slidingWindow', { limit: 40, intervalMs: 400, name: 'window' }],
  ['concurrency', { limit: 8, name: 'slots' }],
];

let masters: readonly RedisServer[];
beforeAll(async () => {
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  masters = await Promise.all(['a', 'b', 'c'].map(() => RedisServer.start(...flags)));
  const nodes = masters.map(({ port }) => `127.0.0.1:${port}`);
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes']);
});
afterAll(() => Promise.all(masters.map((master) => master.stop())));

describe('a cluster', { timeout: 60_000 }, () => {
  it.each([['redis-cluster', 'ioredis-cluster']] as const)('should keep limits for %s and %s', async (one, other) => {
    const server = await BookedServer.start(2);
    const nodes = masters.map(({ port }) => port);
    const workers = [one, other].map(
      (kind, index) =>
        new SharingWorker(`w${index}`, server.port, {
          kind,
          nodes,
          store: { name: `${one} ${other}` },
          limits,
          works: 60,
        }),
    );
    const told = await Promise.all(workers.map(({ ended }) => ended));
    expect(told.flatMap(({ errors }) => errors)).toEqual([]);
    expect(server.entries).toHaveLength(120);
    expect(server.mostIn(400)).toBeLessThanOrEqual(40);
    expect(server.mostInFlight()).toBeLessThanOrEqual(8);
  });
});
