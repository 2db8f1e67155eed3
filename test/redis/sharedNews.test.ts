import node from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { leaseMs, virtualProcesses, Works } from './virtualProcesses.js';

const shared = virtualProcesses();
const { process, after } = shared;
const slots = (limit: number) => concurrency({ limit, name: 'slots' });
const credits = (limit: number) => dailyQuota({ limit, name: 'credits' });

describe('what is told as Redis has lost its data', () => {
  it('should hold all the same: what was settled', async () => {
    const { limiter } = process([credits(100)]);
    new Works(limiter, 1, { cost: 10 });
    await after(10);
    await shared.redis.flush();
    limiter.adjust('credits', 80);
    await after(3 * leaseMs);
    expect(limiter.snapshot().limits[0]).toMatchObject({ used: 90 });
  });

  it('should hold all the same: a cool-down', async () => {
    const { limiter } = process([slots(9)]);
    new Works(limiter, 1);
    await after(10);
    await shared.redis.flush();
    limiter.coolDown(60_000);
    await after(3 * leaseMs);
    const works = new Works(limiter, 1);
    await after(50_000);
    expect(works.started).toBe(0);
    await after(10_000);
    expect(works.started).toBe(1);
  });

  it('should hold all the same: a limit that was changed, where others had found the loss before', async () => {
    const [one, other] = [process([slots(3)]), process([slots(3)])];
    const works = [new Works(one.limiter, 1), new Works(other.limiter, 1)];
    await after(10);
    await shared.redis.send('HDEL', 'sluice:{shared}:state', 'epoch');
    shared.redis.drops = true;
    works.push(new Works(other.limiter, 1));
    await after(10);
    one.limiter.update({ slots: { limit: 1 } });
    await after(10);
    shared.redis.drops = false;
    await after(3 * leaseMs);
    for (const each of works) each.endAll();
    works.push(new Works(one.limiter, 3));
    await after(10);
    expect(works.reduce((sum, { running }) => sum + running, 0)).toBe(1);
  });

  it('should hold all the same: an end, from when it was', async () => {
    const of = () => process([slidingWindow({ limit: 3, intervalMs: 60_000, name: 'window' })], { leaseMs: 30_000 });
    const processes = [of(), of(), of()];
    const works = processes.map(({ limiter }) => new Works(limiter, 1));
    await after(10);
    await shared.redis.flush();
    // All three are to find the loss, the last one as its work has ended: what is said of it does not arrive.
    shared.redis.drops = true;
    works[0]!.end();
    await after(300);
    works[1]!.end();
    await after(600);
    works[2]!.end();
    const endedMs = shared.clock.elapsedMs;
    await after(300);
    shared.redis.drops = false;
    const next = new Works(processes[0]!.limiter, 3);
    await after(endedMs + 60_000 - shared.clock.elapsedMs - 5);
    expect(next.started).toBeLessThan(3);
    await after(1_000);
    expect(next.started).toBe(3);
  });
});

describe('that Redis has lost its data', () => {
  it('should be heard of by all as one finds it: each tells at once what it holds', async () => {
    const [one, other] = [process([slots(9)]), process([slots(9)])];
    new Works(one.limiter, 2);
    new Works(other.limiter, 3);
    await after(10);
    await shared.redis.flush();
    const { calls } = shared.redis;
    new Works(one.limiter, 1);
    await after(10);
    expect(other.limiter.snapshot().limits[0]).toMatchObject({ used: 5 });
    // Both find it, and tell.
    expect(shared.redis.calls - calls).toBe(4);
  });
});

describe('what is told as Redis refuses for good', () => {
  it.each([
    ['holds nothing', 0],
    ['holds something', 1],
  ])('should hold once it is allowed again, where its process %s', async (_, held) => {
    const { client, limiter } = process([credits(100)]);
    new Works(limiter, held);
    await after(10);
    const evalsha = client.evalsha.bind(client);
    client.evalsha = () => Promise.reject(new Error('NOPERM this user has no permissions'));
    limiter.adjust('credits', 80);
    await after(10);
    client.evalsha = evalsha;
    new Works(limiter, 1);
    await after(10);
    expect(limiter.snapshot().limits[0]).toMatchObject({ used: 81 + held });
  });
});

describe('a slot that was refused', () => {
  it.each([
    ['as much of all limits', 1],
    ['other amounts of other limits', { credits: 10 }],
  ])('should be told of, and that it is given, by work that takes %s', async (_, cost) => {
    const learning = adaptiveConcurrency({ max: 9, initial: 5, probeAfterMs: 60_000, name: 'slots' });
    const { limiter } = process([learning, credits(100)]);
    const level = () => limiter.snapshot().limits[0]!.capacity;
    new Works(limiter, 3, { cost });
    await after(10);
    limiter.refusedSlot(cost, shared.clock.now());
    await after(10);
    expect(level()).toBe(1);
    limiter.grantedSlot(cost, shared.clock.now());
    new Works(limiter, 9, { cost });
    await after(60_000);
    expect(level()).toBeGreaterThan(1);
  });
});

describe('what is told as Redis lets nobody publish', () => {
  it('should be heard of by the next call, stop nobody, and be warned of once by each', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    node.on('warning', note);
    await shared.redis.send('ACL', 'SETUSER', 'default', '-publish');
    onTestFinished(async () => {
      node.off('warning', note);
      await shared.redis.send('ACL', 'SETUSER', 'default', '+publish');
    });
    const limiters = [process([slots(1)]), process([slots(1)])].map(({ limiter }) => limiter);
    let last = new Works(limiters[0]!, 1);
    await after(10);
    for (const limiter of [limiters[1]!, limiters[0]!, limiters[1]!]) {
      const next = new Works(limiter, 1);
      await after(10);
      last.end();
      await after(leaseMs / 3);
      expect(next).toMatchObject({ started: 1, errors: [] });
      last = next;
    }
    const warning = expect.stringMatching(/publish on sluice:\{shared\}:\* .*\+@pubsub/) as string;
    expect(warnings).toEqual([warning, warning]);
  });
});

describe('what a process that was taken for dead holds', () => {
  it.each([
    ['the credits of a day', () => credits(100)],
    ['a budget', () => budget({ limit: 100, name: 'credits' })],
  ])('should be spent once: %s', async (_, make) => {
    const [one, other] = [process([make()]), process([make()])];
    const [works, others] = [new Works(one.limiter, 1, { cost: 10 }), new Works(other.limiter, 1, { cost: 1 })];
    await after(10);
    one.client.cut();
    await after(3 * leaseMs);
    one.client.mend();
    await after(leaseMs);
    expect(one.limiter.snapshot().limits[0]).toMatchObject({ used: 11 });
    works.endAll();
    others.endAll();
  });
});

it('gives nothing back to limits that came after it, where a dead process held work by others', async () => {
  const window = slidingWindow({ limit: 9, intervalMs: 100, name: 'window' });
  const one = process([window]);
  new Works(one.limiter, 1);
  await after(10);
  one.die();
  await after(2 * leaseMs);
  const works = new Works(process([window, slots(1)]).limiter, 3);
  await after(3 * leaseMs);
  expect(works.running).toBe(1);
});

it.each([
  ['after it was taken for dead', 2],
  ['as it was about to rest', 0],
])('holds nobody back where a process comes back of which Redis knows nothing any more: %s', async (_, waiting) => {
  const [one, other] = [process([slots(9)]), process([slots(9)])];
  const works = new Works(one.limiter, 2);
  await after(10);
  const others = new Works(other.limiter, 1);
  await after(10);
  one.client.cut();
  if (waiting === 0) works.endAll();
  new Works(one.limiter, waiting);
  await after(4 * leaseMs);
  if (waiting > 0) shared.clock.advance(3_700_000);
  others.end();
  await after(10);
  // By the server's own clock, which does not go by the test's, all who were not heard of for so long have gone.
  const gone = (await shared.redis.keys()).filter((key) => key.includes(':process:'));
  for (const key of gone) await shared.redis.send('DEL', key);
  one.client.mend();
  await after(500);
  const next = new Works(other.limiter, 1);
  await after(10);
  expect(next.started).toBe(1);
});

describe('what was let in without Redis', () => {
  it('should be nothing where it is not known how many share', async () => {
    const processes = [1, 2, 3].map(() => process([slots(4)], { onStoreLost: 'local-share' }));
    for (const { client } of processes) client.cut();
    const works = processes.map(({ limiter }) => new Works(limiter, 4));
    await after(20_000);
    expect(works.map(({ running }) => running)).toEqual([0, 0, 0]);
    for (const { client } of processes) client.mend();
    await after(20_000);
    expect(works.reduce((sum, { running }) => sum + running, 0)).toBe(4);
  });

  it.each([
    // It asks after a third of its lease, and is alone 5 s later.
    ['the credits of a day', () => credits(100), 20_000],
    ['a budget', () => budget({ limit: 100, name: 'credits' }), 20_000],
    ['the credits of a day, of which Redis hears late that they are wished for', () => credits(100), 10],
    ['a budget, of which Redis hears late that it is wished for', () => budget({ limit: 100, name: 'credits' }), 10],
  ])('should be spent once Redis is back: %s', async (_, make, comesAfterMs) => {
    const { client, limiter } = process([make()], { onStoreLost: 'local-share', leaseMs: 30_000 });
    new Works(limiter, 1, { cost: 0 });
    await after(10);
    client.cut();
    await after(comesAfterMs);
    const works = new Works(limiter, 3, { cost: 30 });
    await after(40_000);
    expect(works.running).toBe(3);
    works.end();
    client.mend();
    await after(40_000);
    expect(limiter.snapshot().limits[0]).toMatchObject({ used: 90 });
    works.endAll();
    await after(10);
    expect(limiter.snapshot().limits[0]).toMatchObject({ used: 90 });
  });
});
