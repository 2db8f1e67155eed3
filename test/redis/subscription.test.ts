import { Redis } from 'ioredis';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createClient } from 'redis';
import { expect, it, onTestFinished } from 'vitest';
import { subscribe } from '../../src/redis/subscription.js';
import { until } from '../until.js';
import { describeOverRedis } from './journalClients.js';
import { RedisServer } from './redisServer.js';

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
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    await redis.kill();
    const half = await stopping(redis.port);
    const client = createClient({ url: redis.url, RESP: 2, socket: { reconnectStrategy: () => 20 } });
    client.on('error', () => undefined);
    await client.connect();
    onTestFinished(() => client.destroy());
    const heard: string[] = [];
    let timesReady = 0;
    onTestFinished(subscribe(client, 'news', { message: (text) => heard.push(text), ready: () => timesReady++ }));
    await until(half.isAsked);
    half.stop();

    await redis.boot();
    await until(() => timesReady > 0);
    await client.publish('news', 'it is there');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['it is there']);
  });
});

describeOverRedis('a subscription over ioredis', () => {
  it('should outlive a connection that is lost as it subscribes again, however long Redis is then away', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));

    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    let retries = 0;
    const retryStrategy = (): number => (retries++, 2);
    const client = new Redis(redis.url, { retryStrategy, protocol: 2, enableReadyCheck: false });
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    const heard: string[] = [];
    let timesReady = 0;
    const stop = subscribe(client, 'news', { message: (text) => heard.push(text), ready: () => timesReady++ });
    onTestFinished(stop);
    await until(() => timesReady > 0);

    await redis.kill();
    const half = await stopping(redis.port);
    await until(half.isAsked);
    half.stop();
    const before = retries;
    await until(() => retries > before + 20);

    await redis.boot();
    await until(() => timesReady > 1);
    await client.publish('news', 'it is back');
    await until(() => heard.length > 0);
    expect([heard, unhandled]).toEqual([['it is back'], []]);
  });
});
