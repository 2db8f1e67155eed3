import { describe, expect, it } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { leaseMs, virtualProcesses, Works } from './virtualProcesses.js';

const shared = virtualProcesses({ leaseMs: 30_000 });
const { process, after } = shared;
const slot = () => [concurrency({ limit: 1, name: 'slots' })];

describe('who comes to a process of which Redis knows as many as it wants to', () => {
  /** More wait than Redis is told of, for a slot that another process has. */
  async function full() {
    const holding = new Works(process(slot()).limiter, 1);
    await after(10);
    const { limiter } = process(slot());
    const waiting = new Works(limiter, 300, { key: 'a' });
    await after(50);
    return { holding, limiter, waiting };
  }

  it('takes turns with them, where it is of another key', async () => {
    const { holding, limiter, waiting } = await full();
    const coming = new Works(limiter, 3, { key: 'b' });
    await after(50);
    holding.end();
    for (let ended = 0; ended < 6; ended++) {
      await after(20);
      for (const works of [coming, waiting]) works.endAll();
    }
    expect([coming.started, waiting.started]).toEqual([3, 3]);
  });

  it('of a higher priority goes before all others however many come', async () => {
    const { holding, limiter, waiting } = await full();
    const coming = new Works(limiter, 200, { priority: 1 });
    await after(50);
    holding.end();
    for (let ended = 0; ended < 199; ended++) {
      await after(20);
      coming.endAll();
    }
    await after(20);
    expect([coming.started, waiting.started]).toEqual([200, 0]);
  });
});

it('leaves nothing of the priorities that there were, nor of the processes', async () => {
  for (let round = 0; round < 40; round++) {
    const { limiter, store } = process(slot(), { leaseMs, onStoreLost: 'local-share' });
    const works = new Works(limiter, 2, { priority: -round });
    await after(10);
    works.end();
    await after(10);
    works.end();
    await after(600_000);
    await store.close();
  }
  expect(await shared.redis.send('ZCARD', 'sluice:{shared}:priorities')).toBe(1);
  expect(await shared.redis.send('ZCARD', 'sluice:{shared}:known')).toBeLessThanOrEqual(7);
});

describe('where each key has a window of its own', () => {
  const limits = () => [
    perKey(() => slidingWindow({ limit: 1, intervalMs: 1_000, name: 'window' })),
    concurrency({ limit: 3, name: 'slots' }),
  ];
  const free = { 'window per key': 0, slots: 1 };

  it('a slot that becomes free is another key’s at once', async () => {
    const [one, other] = [process(limits()), process(limits())];
    const first = new Works(one.limiter, 1, { key: 'a' });
    await after(10);
    first.end();
    await after(10);
    new Works(one.limiter, 1, { key: 'a' });
    const full = new Works(other.limiter, 3, { cost: free });
    await after(10);
    const next = new Works(one.limiter, 1, { key: 'b' });
    await after(10);
    expect([full.started, next.started]).toEqual([3, 0]);
    full.end();
    await after(5);
    expect(next.started).toBe(1);
  });

  it('its work starts as that is over, whatever others ask meanwhile', async () => {
    const [one, other] = [process(limits()), process(limits())];
    const first = new Works(one.limiter, 1, { key: 'a' });
    await after(10);
    first.end();
    const overMs = shared.clock.elapsedMs + 1_000;
    await after(10);
    const second = new Works(one.limiter, 1, { key: 'a' });
    const full = new Works(other.limiter, 3, { cost: free });
    await after(10);
    new Works(one.limiter, 1, { key: 'b' });
    await after(400);
    // What this grants to the same process comes by a message, which says whose turn it is to ask.
    full.endAll();
    await after(overMs - shared.clock.elapsedMs + 2);
    expect(second.started).toBe(1);
  });
});
