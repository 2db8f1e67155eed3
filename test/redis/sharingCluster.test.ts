import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { redisJournal } from '../../src/redis/journal.js';
import { redisStore } from '../../src/redis/redisStore.js';
import { until } from '../until.js';
import { clientKinds, connected } from './journalClients.js';
import { RedisServer } from './redisServer.js';
import { BookedServer, SharingWorker, type LimitOf } from './sharing.js';

const perWindow = 40;
const intervalMs = 400;
const atOnce = 8;
const limits: readonly LimitOf[] = [
  ['slidingWindow', { limit: perWindow, intervalMs, name: 'window' }],
  ['concurrency', { limit: atOnce, name: 'slots' }],
];

/** Three masters, and a replica of each. */
const nodes: RedisServer[] = [];
beforeAll(async () => {
  // A replica is promoted by hand alone: at an instant that the test knows.
  const flags = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-replica-no-failover', 'yes'];
  const quick = ['--cluster-require-full-coverage', 'no', '--repl-diskless-sync-delay', '0'];
  while (nodes.length < 6) nodes.push(await RedisServer.start(...flags, ...quick));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await cli('--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes');
  for (const node of nodes) await until(async () => (await ask(node, 'CLUSTER', 'INFO')).includes('cluster_state:ok'));
});
afterAll(() => Promise.all(nodes.map((node) => node.stop())));

describe('a cluster', () => {
  // What is asked of a node that does not have it is never had from there, as often as one asks.
  it.each(clientKinds)('should refuse %s clients of one of its nodes at once', async (kind) => {
    const client = await connected(nodes.at(-1)!, kind);
    const store = redisStore({ client, name: 'strange' });
    onTestFinished(() => store.close());
    const limiter = createLimiter({ limits: [concurrency({ limit: 1 })], store });
    const todo = /MOVED .*is one node of a cluster: use a client of the cluster/;
    await expect(limiter.run(() => 1)).rejects.toThrow(todo);
    await expect(redisJournal({ client, name: 'strange' }).open()).rejects.toThrow(todo);
  });

  it('should keep limits for node-redis and ioredis together', async () => {
    const { server, ended } = await share('calm', 60);
    expect((await ended).flatMap(({ errors }) => errors)).toEqual([]);
    server.expectOnce(120);
    server.expectWithin({ perWindow, intervalMs, atOnce });
  });

  it('should keep limits, and lose nothing, as a master dies whose replica has not heard all of it', async () => {
    const { server, ended } = await share('promoted', 90);
    await server.hasSeen(60);
    const { master, replica } = await holders('promoted');
    replica.pause();
    await server.hasSeen(server.entries.length + 20);
    await master.kill();
    replica.resume();
    await until(async () => (await ask(replica, 'CLUSTER', 'FAILOVER', 'TAKEOVER')) === 'OK');
    expect((await ended).flatMap(({ errors }) => errors)).toEqual([]);
    server.expectOnce(180);
    server.expectWithin({ perWindow, intervalMs, atOnce });
  });
});

/** A worker with each client. */
async function share(name: string, works: number) {
  const server = await BookedServer.start(2);
  const ports = nodes.map(({ port }) => port);
  const store = { name, leaseMs: 1_000, lostAfterMs: 500 };
  const workers = (['redis-cluster', 'ioredis-cluster'] as const).map(
    (kind, index) => new SharingWorker(`w${index}`, server.port, { kind, nodes: ports, store, limits, works }),
  );
  return { server, ended: Promise.all(workers.map(({ ended }) => ended)) };
}

/** The master that holds a limiter, and its replica. */
async function holders(name: string): Promise<{ readonly master: RedisServer; readonly replica: RedisServer }> {
  for (const master of nodes) {
    const role = await ask(master, 'INFO', 'replication');
    if (!role.includes('role:master') || (await ask(master, 'KEYS', `*${name}*`)) === '') continue;
    const [, port] = /slave0:ip=127\.0\.0\.1,port=(\d+)/.exec(role) ?? [];
    const replica = nodes.find((node) => node.port === Number(port));
    if (replica !== undefined) return { master, replica };
  }
  throw new Error(`no master holds ${name}`);
}

function ask({ port }: RedisServer, ...command: readonly string[]): Promise<string> {
  return cli('-p', String(port), ...command);
}

async function cli(...args: readonly string[]): Promise<string> {
  return (await promisify(execFile)('redis-cli', args)).stdout.trim();
}
