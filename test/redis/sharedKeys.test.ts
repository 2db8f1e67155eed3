import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';
import { virtualProcesses, Works } from './virtualProcesses.js';

const shared = virtualProcesses();
const { process, after } = shared;

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

  it.each([
    ['raised', 1, 3],
    ['lowered', 4, 2],
    ['made those of all', 4, 5],
  ])(
    'should be held to those that it has since its limit was %s, though it waits already',
    async (_, before, since) => {
      const { limiter } = process([perKey((key) => concurrency({ limit: key === 'a' ? before : 5, name: 'slots' }))]);
      const works = new Works(limiter, 12, { key: 'a' });
      await after(10);
      expect(works.running).toBe(before);
      limiter.update({ 'slots per key': { limit: since } });
      await after(10);
      works.endAll();
      await after(10);
      expect(works.running).toBe(since);
    },
  );

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
    expect(await shared.redis.send('HKEYS', 'sluice:{shared}:keyed')).not.toContain('k|slots per key|"b"|figures');
    expect(await shared.redis.send('HKEYS', 'sluice:{shared}:keyed')).not.toContain('k|slots per key|"c"|figures');
  });
});

describe.each([
  ['common', undefined],
  ['its own', 'a'],
])('a key of which something is known, by figures that are %s', (_, known) => {
  it('should run no more than its limit has been lowered to, whatever it has learnt', async () => {
    const learning = (max: number) => adaptiveConcurrency({ max, initial: 2, probeAfterMs: 100, name: 'slots' });
    const { limiter } = process([perKey((key) => learning(key === known ? 6 : 5))]);
    const before = new Works(limiter, 5, { key: 'a' });
    await after(2_000);
    expect(before.running).toBe(5);
    before.endAll();
    await after(10);
    limiter.update({ 'slots per key': { max: 2 } });
    await after(10);
    const since = new Works(limiter, 5, { key: 'a' });
    await after(10);
    expect(since.running).toBe(2);
  });

  it('should keep what its bucket holds, as more fits in', async () => {
    const bucket = (capacity: number) => tokenBucket({ capacity, refill: 1, intervalMs: 60_000, name: 'bucket' });
    const { limiter } = process([perKey((key) => bucket(key === known ? 10 : 9))]);
    const before = new Works(limiter, 9, { key: 'a' });
    await after(10);
    limiter.update({ 'bucket per key': { capacity: 100 } });
    await after(10);
    const since = new Works(limiter, 9, { key: 'a' });
    await after(10);
    expect([before.started, since.started]).toEqual([9, known === 'a' ? 1 : 0]);
  });

  it('should be given no more for the time before, as its bucket fills faster', async () => {
    const bucket = (capacity: number) => tokenBucket({ capacity, refill: 1, intervalMs: 1_000, name: 'bucket' });
    const { limiter } = process([perKey((key) => bucket(key === known ? 10 : 9))]);
    new Works(limiter, known === 'a' ? 10 : 9, { key: 'a' });
    await after(5_000);
    limiter.update({ 'bucket per key': { refill: 100 } });
    const since = new Works(limiter, 9, { key: 'a' });
    await after(5);
    expect(since.started).toBe(5);
  });
});

it('refuses a key that other processes could not know again, and harms nobody by it', async () => {
  const { limiter } = process([concurrency({ limit: 1, name: 'slots' })]);
  const works = new Works(limiter, 2);
  await after(10);
  const refused = new Works(limiter, 1, { key: { user: 1 } });
  await after(10);
  expect([refused.errors[0], limiter.waiting]).toEqual([expect.any(OptionsError), 1]);
  works.end();
  await after(10);
  expect([works.started, works.errors]).toEqual([2, []]);
});

describe('a quota of a zone that another process has never heard of', () => {
  it('should be kept by it all the same, where it is that of a key', async () => {
    const credits = (key: unknown) =>
      dailyQuota({ limit: 2, name: 'credits', timeZone: key === 'tokyo' ? 'Asia/Tokyo' : 'UTC' });
    const limits = () => [perKey(credits), concurrency({ limit: 1, name: 'slots' })];
    const one = process(limits());
    const holding = new Works(one.limiter, 1, { key: 'utc' });
    await after(10);
    const tokyo = new Works(one.limiter, 3, { key: 'tokyo' });
    await after(10);
    const other = new Works(process(limits()).limiter, 1, { key: 'utc' });
    await after(10);
    for (const works of [holding, tokyo, other, tokyo]) {
      works.end();
      await after(10);
    }
    expect([tokyo.started, other.started, other.errors]).toEqual([2, 1, []]);
  });

  it('should be kept by it as the newest figures say', async () => {
    const inZone = (timeZone: string) => process([dailyQuota({ limit: 2, name: 'credits', timeZone })]);
    const [one, other] = [inZone('UTC'), inZone('Asia/Tokyo')];
    const first = new Works(one.limiter, 1);
    await after(10);
    const second = new Works(other.limiter, 1);
    await after(10);
    const third = new Works(one.limiter, 1);
    await after(10);
    expect([first.started, second.started, third.started]).toEqual([1, 1, 0]);
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
  expect(await shared.redis.send('ZCARD', 'sluice:{shared}:sweep')).toBeLessThanOrEqual(80);
});
