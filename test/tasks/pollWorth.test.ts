import { describe, expect, it } from 'vitest';
import { PollWorth } from '../../src/tasks/pollWorth.js';

const intervalMs = 10_000;
const meanMs = 100_000;

/** What a poll for one task is worth after such delays. */
function worthAfter(delaysMs: readonly number[]): number {
  const worth = new PollWorth(intervalMs);
  for (const delayMs of delaysMs) worth.noticed(delayMs);
  return worth.ofMs(1, meanMs);
}

const times = (count: number, delayMs: number): number[] => Array.from({ length: count }, () => delayMs);

describe('the worth of a poll', () => {
  it('is at first what makes a poll an interval the cheapest: half of an interval for each end in one', () => {
    expect(worthAfter([])).toBe(500);
    expect(new PollWorth(intervalMs).ofMs(10, meanMs)).toBe(5_000);
    expect(new PollWorth(intervalMs).ofMs(10, meanMs / 2)).toBe(10_000);
  });

  it('is at the most half of an interval for each task', () => {
    expect(new PollWorth(intervalMs).ofMs(3, 1)).toBe(15_000);
  });

  it('grows where ends are noticed sooner than half of an interval, shrinks where later, else stays', () => {
    expect(worthAfter([4_000])).toBeGreaterThan(500);
    expect(worthAfter([6_000])).toBeLessThan(500);
    expect(worthAfter([5_000])).toBe(500);
  });

  it('should never be over three times, nor under a quarter, of what it was at first', () => {
    expect(worthAfter(times(1_000, 0))).toBe(1_500);
    expect(worthAfter(times(1_000, 1e9))).toBe(125);
  });

  it('counts a very late one as one of an interval, and one before its time as one without delay', () => {
    expect(worthAfter([1e9])).toBe(worthAfter([intervalMs]));
    expect(worthAfter([-1e9])).toBe(worthAfter([0]));
  });
});
