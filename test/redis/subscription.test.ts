import { Redis } from 'ioredis';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createClient, createCluster } from 'redis';
import { expect, it, onTestFinished } from 'vitest';
import type { RedisClient } from '../../src/redis/client.js';
import { subscribe, Subscription } from '../../src/redis/subscription.js';
import { VirtualClock } from '../../src/virtualClock.js';
import { until } from '../until.js';
import { clientKinds, command, connected, describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';

/** A server for one test. */
async function serving(...options: string[]): Promise<RedisServer> {
  const redis = await RedisServer.start(...options);
  onTestFinished(() => redis.stop());
  return redis;
}

/** What has come, and how often it was ready, and ended. */
class Listener {
  readonly heard: string[] = [];
  timesReady = 0;
  timesEnded = 0;
  readonly message = (text: string): void => void this.heard.push(text);
  readonly ready = (): number => this.timesReady++;
  readonly ended = (): number => this.timesEnded++;
}

/** What a Redis says that stops in the midst: OK to whatever is asked of it, and nothing to `SUBSCRIBE`. */
async function stopping(port: number) {
  const sockets: Socket[] = [];
  let isAsked = false;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket
      .on('error', () => undefined)
      .on('data', (data) => {
        for (const [, command = ''] of data.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
          if (command.toLowerCase() === 'subscribe') isAsked = true;
          else socket.write('+OK\r\n');
        }
      });
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    isAsked: () => isAsked,
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describeOverRedis('a subscription over node-redis', () => {
  it('should outlive a connection that is lost as it subscribes for the first time', async () => {
    const redis = await serving();
    await redis.kill();
    const half = await stopping(redis.port);
    const client = createClient({ url: redis.url, RESP: 2, socket: { reconnectStrategy: () => 20 } });
    client.on('error', () => undefined);
    await client.connect();
    onTestFinished(() => client.destroy());
    const listener = new Listener();
    onTestFinished(subscribe(client, ['news'], listener));
    await until(half.isAsked);
    half.stop();

    await redis.boot();
    await until(() => listener.timesReady > 0);
    await client.publish('news', 'it is there');
    await until(() => listener.heard.length > 0);
    expect(listener.heard).toEqual(['it is there']);
  });
});

describeOverRedis('a subscription over ioredis', () => {
  it('should outlive a connection that is lost as it subscribes again, however long Redis is then away', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));

    const redis = await serving();
    let retries = 0;
    const retryStrategy = (): number => (retries++, 2);
    const client = new Redis(redis.url, { retryStrategy, protocol: 2, enableReadyCheck: false });
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    const listener = new Listener();
    const stop = subscribe(client, ['news'], listener);
    onTestFinished(stop);
    await until(() => listener.timesReady > 0);

    await redis.kill();
    const half = await stopping(redis.port);
    await until(half.isAsked);
    half.stop();
    const before = retries;
    await until(() => retries > before + 20);

    await redis.boot();
    await until(() => listener.timesReady > 1);
    await client.publish('news', 'it is back');
    await until(() => listener.heard.length > 0);
    expect([listener.heard, unhandled]).toEqual([['it is back'], []]);
  });
});

interface Own {
  on(event: 'error', listener: () => void): unknown;
  listenerCount(event: string): number;
  quit(): Promise<unknown>;
}

describeOverRedis.each<[string, (url: string) => Promise<RedisClient & Own>]>([
  [
    'node-redis',
    (url) =>
      createClient({ url, socket: { reconnectStrategy: false } })
        .on('error', () => 0)
        .connect(),
  ],
  ['ioredis', (url) => Promise.resolve(new Redis(url, { retryStrategy: () => null }))],
])('a subscription over a client of %s that does not connect again', (_, connect) => {
  const started = async () => {
    const redis = await serving();
    const client = await connect(redis.url);
    onTestFinished(() => void client.quit().catch(() => undefined));
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    return { client, admin };
  };
  const listeners = async (admin: Redis) => ((await admin.client('LIST')) as string).match(/ sub=1 /g)?.length ?? 0;

  it('should be begun anew where its own connection alone is lost', async () => {
    const { client, admin } = await started();
    const clock = new VirtualClock();
    const listener = new Listener();
    const subscription = new Subscription(client, ['news'], clock, listener);
    onTestFinished(() => subscription.stop());
    subscription.listen();
    await until(() => listener.timesReady === 1);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(async () => {
      await clock.settle(1_000);
      subscription.listen();
      return listener.timesReady === 2;
    });
    expect(await listeners(admin)).toBe(1);
  });

  it('should leave no connection behind that is begun once the client has ended', async () => {
    const { client, admin } = await started();
    await client.quit();
    const clock = new VirtualClock();
    const listener = new Listener();
    const subscription = new Subscription(client, ['news'], clock, listener);
    onTestFinished(() => subscription.stop());
    subscription.listen();
    // Longer than it takes to be there.
    const another = subscribe(admin, ['news'], listener);
    onTestFinished(another);
    await until(() => listener.timesReady > 0);
    expect([listener.timesReady, await listeners(admin)]).toEqual([1, 1]);
  });

  it('should be one of many that have one listener between them, and all end with the client', async () => {
    const { client, admin } = await started();
    const before = client.listenerCount('end');
    const listener = new Listener();
    const stops = Array.from({ length: 12 }, () => subscribe(client, ['news'], listener));
    for (const stop of stops) onTestFinished(stop);
    await until(() => listener.timesReady === 12);
    expect(client.listenerCount('end') - before).toBe(1);
    await client.quit();
    await until(async () => (await listeners(admin)) === 0);
    expect(listener.timesEnded).toBe(12);
  });
});

describeOverRedis.each(clientKinds)('a subscription over %s', (kind) => {
  it('should hear what is said on each of its channels, and on no other', async () => {
    const redis = await serving();
    const client = await connected(redis, kind);
    const listener = new Listener();
    onTestFinished(subscribe(client, ['news', 'more'], listener));
    await until(() => listener.timesReady > 0);
    for (const channel of ['news', 'other', 'more']) await command(redis, 'PUBLISH', channel, `of ${channel}`);
    await until(() => listener.heard.length > 1);
    expect([listener.heard, listener.timesReady]).toEqual([['of news', 'of more'], 1]);
  });
});

describeOverRedis.each(clientKinds)('a subscription over %s that is not allowed', (kind) => {
  it('should be warned of once, by the right that is missing, and begun anew once it is given', async () => {
    const redis = await serving();
    const client = await connected(redis, kind);
    await command(redis, 'ACL', 'SETUSER', 'default', '-subscribe');
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));

    const clock = new VirtualClock();
    const listener = new Listener();
    const subscription = new Subscription(client, ['news'], clock, listener);
    onTestFinished(() => subscription.stop());
    const refusals = async () => ((await command(redis, 'ACL', 'LOG')) as { count: number }[])[0]?.count;
    const listenUntil = (look: () => boolean | Promise<boolean>) =>
      until(async () => {
        subscription.listen();
        await clock.settle(1_000);
        return look();
      });
    await listenUntil(async () => (await refusals()) === 3);
    await command(redis, 'ACL', 'SETUSER', 'default', '+subscribe');
    await listenUntil(() => listener.timesReady > 0);
    expect(warnings).toEqual([expect.stringMatching(/subscribe to news .*\+@pubsub/)]);
  });
});

describeOverRedis('a subscription over a cluster of node-redis', () => {
  it('should be tried again where it was refused, a second later at the earliest, and not once it is stopped', async () => {
    const redis = await serving('--cluster-enabled', 'yes');
    const direct = createClient({ url: redis.url });
    await direct.connect();
    onTestFinished(() => direct.destroy());
    const ask = (...words: string[]) => direct.sendCommand<string>(words);
    await ask('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until(async () => (await ask('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    await ask('ACL', 'SETUSER', 'default', 'resetchannels');
    const cluster = createCluster({ rootNodes: [{ url: redis.url }] });
    cluster.on('error', () => undefined);
    await cluster.connect();
    onTestFinished(() => cluster.destroy());
    const clients = async () => (await ask('CLIENT', 'LIST')).trim().split('\n').length;
    const before = await clients();

    const clock = new VirtualClock();
    const listener = new Listener();
    const subscription = new Subscription(cluster, ['news', 'more'], clock, listener);
    subscription.listen();
    await until(async () => (await direct.sendCommand<unknown[]>(['ACL', 'LOG'])).length > 0);
    await until(async () => (await clients()) === before);
    await ask('ACL', 'SETUSER', 'default', 'allchannels');
    subscription.listen();
    await clock.settle(999);
    subscription.listen();
    expect(await clients()).toBe(before);
    await clock.settle(1);
    subscription.listen();
    await until(() => listener.timesReady > 0);
    await direct.publish('news', 'it is there');
    await direct.publish('more', 'that, too');
    await until(() => listener.heard.length > 1);

    subscription.stop();
    await clock.settle(1_000);
    subscription.listen();
    await until(async () => (await clients()) === before);
    expect([listener.heard, listener.timesReady]).toEqual([['it is there', 'that, too'], 1]);
  });
});
