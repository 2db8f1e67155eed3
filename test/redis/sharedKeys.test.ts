import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import type { Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { VirtualClock } from '../virtualClock.js';
import { sharer, Works } from './sharers.js';
import { VirtualRedis } from './virtualRedis.js';

let redis: VirtualRedis;
beforeAll(async () => {
  redis = await VirtualRedis.start();
});
afterAll(() => redis.close());

let clock: VirtualClock;
beforeEach(async () => {
  clock = new VirtualClock();
  await redis.flush();
});

const process = (limits: readonly Limit[]) => sharer(redis, clock, limits);
const after = (ms: number) => redis.advance(clock, ms);

describe('a key with figures of its own', () => {
  it('should be held to them for as long as somebody of it waits', async () => {
    const { limiter } = process([perKey((key) => concurrency({ limit: key === 'a' ? 1 : 5, name: 'slots' }))]);
    const works = new Works(limiter, 6, { key: 'a' });
    for (let ended = 0; ended < 6; ended++) {
      await after(10);
      expect(works.running).toBe(1);
      works.end();
    }
  });

  it('should leave nothing of them where who waited has left', async () => {
    const each = perKey((key) => concurrency({ limit: key === undefined ? 5 : 2, name: 'slots' }));
    const { limiter } = process([each, concurrency({ limit: 1, name: 'all' })]);
    const holding = new Works(limiter, 1, { key: 'a' });
    await after(10);
    const leaving = new AbortController();
    for (const key of ['b', 'c']) new Works(limiter, 1, { key, signal: leaving.signal });
    await after(10);
    leaving.abort();
    await after(10);
    holding.end();
    await after(70_000);
    new Works(limiter, 1, { key: 'a' });
    await after(10);
    expect(await redis.send('HKEYS', 'sluice:{shared}:keyed')).not.toContain('k|slots per key|"b"|figures');
    expect(await redis.send('HKEYS', 'sluice:{shared}:keyed')).not.toContain('k|slots per key|"c"|figures');
  });
});

it('leaves nothing of keys whose windows are over, however many of them come at once', async () => {
  const { limiter } = process([perKey(() => slidingWindow({ limit: 2, intervalMs: 1_000, name: 'window' }))]);
  for (let round = 0; round < 10; round++) {
    const works = Array.from({ length: 40 }, (_, number) => new Works(limiter, 1, { key: `${round}/${number}` }));
    await after(10);
    for (const each of works) each.endAll();
    await after(1_100);
  }
  expect(await redis.send('ZCARD', 'sluice:{shared}:sweep')).toBeLessThanOrEqual(80);
});
