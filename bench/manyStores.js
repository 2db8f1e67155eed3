// Some of the thousand of manyProcesses.js: manyStores.js PORT LIMIT STORES. Each store has ten pieces of work at any time,
// of 20 ms each.
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createLimiter, slidingWindow } from '../dist/operators/index.js';
import { redisStore } from '../dist/src/redis/index.js';

const [port, limit, stores] = process.argv.slice(2).map(Number);
const counts = new Array(stores).fill(0);
globalThis.gc?.();
const heapBefore = process.memoryUsage().heapUsed;
const limiters = counts.map(() => {
  const client = new Redis(port);
  client.on('error', () => undefined);
  return createLimiter({
    limits: [slidingWindow({ limit, intervalMs: 1_000 })],
    store: redisStore({ client, name: 'many' }),
  });
});
process.on('message', (message) => {
  if (message === 'go') {
    for (const [index, limiter] of limiters.entries()) for (let i = 0; i < 10; i++) void workAgain(limiter, index);
    return;
  }
  const { user, system } = process.cpuUsage();
  process.send({
    done: counts.reduce((sum, each) => sum + each, 0),
    counts,
    cpuMicroseconds: user + system,
    heapBytes: process.memoryUsage().heapUsed - heapBefore,
  });
});
process.send('ready');

async function workAgain(limiter, index) {
  while (true) {
    await limiter.run(() => sleep(20));
    counts[index]++;
  }
}
