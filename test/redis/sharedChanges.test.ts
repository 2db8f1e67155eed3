import { describe, expect, it } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { virtualProcesses, Works } from './virtualProcesses.js';

const { process, after } = virtualProcesses();

describe('a limit that is changed', () => {
  const both = () => [concurrency({ limit: 5, name: 'slots' }), dailyQuota({ limit: 100, name: 'credits' })];

  it('should change no other one, which somebody else may have changed', async () => {
    const [one, other] = [process(both()), process(both())];
    const works = [new Works(one.limiter, 1), new Works(other.limiter, 1)];
    await after(10);
    one.limiter.update({ slots: { limit: 2 } });
    await after(10);
    other.limiter.update({ credits: { limit: 0.1 + 0.2 + 80 } });
    await after(10);
    works.push(new Works(other.limiter, 5));
    await after(10);
    expect(works.reduce((sum, { running }) => sum + running, 0)).toBe(2);
    expect(capacities(other)).toEqual({ slots: 2, credits: 0.1 + 0.2 + 80 });
  });

  it('should be told as it is to processes that name their limits in another order', async () => {
    const [one, other] = [process(both()), process(both().reverse())];
    new Works(one.limiter, 1);
    new Works(other.limiter, 1);
    await after(10);
    one.limiter.update({ slots: { limit: 2 } });
    await after(10);
    new Works(other.limiter, 1);
    await after(10);
    expect(capacities(one)).toEqual({ slots: 2, credits: 100 });
    expect(capacities(other)).toEqual({ slots: 2, credits: 100 });
  });

  function capacities({ limiter }: ReturnType<typeof process>): object {
    return Object.fromEntries(limiter.snapshot().limits.map(({ name, capacity }) => [name, capacity]));
  }
});
