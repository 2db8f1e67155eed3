import { expect, it } from 'vitest';
import { AccountStores } from '../../bin/accountStores.js';
import type { RedisRun } from '../../bin/redisRun.js';
import { concurrency, createLimiter } from '../../operators/index.js';

/** A Redis that never answers, and all that it is asked. */
function deafRedis(): { readonly run: RedisRun; readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const ask = (...args: unknown[]): Promise<never> => {
    asked.push(args);
    return new Promise(() => undefined);
  };
  const duplicate = (): unknown => ({ on: ask, connect: ask, subscribe: ask, destroy: () => undefined });
  const client = { isOpen: true, evalSha: ask, eval: ask, duplicate };
  return { run: { name: 'run', client } as unknown as RedisRun, asked };
}

it.each([
  { apiKey: 'key-that-nobody-sees' },
  { accessKey: 'access-key-that-nobody-sees', secretKey: 'secret-key-that-nobody-sees' },
])('the limits of an account are kept in Redis under no part of its key: %#', async (keys) => {
  const { run, asked } = deafRedis();
  const stop = new AbortController();
  const limiter = createLimiter({
    limits: [concurrency({ limit: 1 })],
    store: new AccountStores(run, keys).open('slots'),
  });
  const running = limiter.run(() => 1, { signal: stop.signal }).catch(() => undefined);
  await Promise.resolve();
  stop.abort();
  await running;
  const text = JSON.stringify(asked);
  expect(text).toMatch(/[0-9a-f]{16} slots/);
  for (const key of Object.values(keys)) expect(text).not.toContain(key.slice(0, 8));
});
