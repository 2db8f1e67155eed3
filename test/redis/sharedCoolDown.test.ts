import { describe, expect, it } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import { virtualProcesses, Works } from './virtualProcesses.js';

const leaseMs = 30_000;
const { process: sharer, after } = virtualProcesses({ leaseMs });
const process = (limit = 1) => sharer([concurrency({ limit, name: 'slots' })]);

/** Starts nothing for ten seconds, then what waits. */
async function expectToWait(works: Works): Promise<void> {
  await after(9_900);
  expect(works.started).toBe(0);
  await after(300);
  expect(works.started).toBe(1);
}

describe('a cool-down of its own', () => {
  it('should hold for what an answer grants that was asked for before', async () => {
    const { limiter, client } = process();
    client.cut();
    const works = new Works(limiter, 1);
    await after(1);
    limiter.coolDown(10_000);
    client.mend();
    await after(1);
    expect(limiter.snapshot().coolDownMs).toBeGreaterThan(9_900);
    await expectToWait(works);
  });

  it('should hold for what a message grants that Redis sent before it knew', async () => {
    const [one, other] = [process(), process()];
    const holding = new Works(one.limiter, 1);
    await after(10);
    const works = new Works(other.limiter, 1);
    await after(10);
    other.client.cut();
    holding.end();
    await after(10);
    other.limiter.coolDown(10_000);
    other.client.mend();
    await expectToWait(works);
  });
});

describe('the ramp after a cool-down', () => {
  it('should go no round further for work that a process comes back with', async () => {
    const [away, other] = [process(10), process(10)];
    const used = ({ limiter }: typeof away) => limiter.snapshot().limits[0]?.used;
    // Whoever works is heard of, and so notices whose lease is over.
    new Works(other.limiter, 1);
    new Works(away.limiter, 5);
    await after(1);
    away.client.cut();
    await after(leaseMs + 1_000);
    other.limiter.coolDown(100);
    const works = new Works(other.limiter, 4);
    await after(200);
    expect([works.started, used(other)]).toEqual([1, 2]);
    away.client.mend();
    const late = new Works(away.limiter, 1);
    await after(500);
    expect([works.started + late.started, used(away)]).toEqual([1, 7]);
    await after(500);
    expect(works.started + late.started).toBe(3);
  });
});
