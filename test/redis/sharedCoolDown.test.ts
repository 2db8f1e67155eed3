import { describe, expect, it } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import { virtualProcesses, Works } from './virtualProcesses.js';

const { process: sharer, after } = virtualProcesses({ leaseMs: 30_000 });
const process = () => sharer([concurrency({ limit: 1, name: 'slots' })]);

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
