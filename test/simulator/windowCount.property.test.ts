import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLog } from '../../src/simulator/rateLog.js';
import { WindowCount } from '../../src/simulator/windowCount.js';

const intervalMs = 100;
const gaps = fc.array(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(0, 99, 100, 101)), { maxLength: 200 });

function instants(steps: readonly number[]): number[] {
  let nowMs = 0;
  return steps.map((step) => (nowMs += step));
}

/** Every window that matters starts at an event. */
function greatestByHand(stamps: readonly number[]): number {
  const counts = stamps.map((start) => stamps.filter((stamp) => stamp >= start && stamp < start + intervalMs).length);
  return Math.max(0, ...counts);
}

describe('the window count and the rate log', () => {
  it('should always count what counting by hand finds', () => {
    fc.assert(
      fc.property(gaps, (steps) => {
        const count = new WindowCount(intervalMs);
        const stamps = instants(steps);
        for (const stamp of stamps) count.add(stamp);
        expect(count.greatest).toBe(greatestByHand(stamps));
      }),
    );
  });

  it('should always count right beyond the point where old stamps are dropped', () => {
    const count = new WindowCount(10);
    for (let nowMs = 0; nowMs < 5_000; nowMs += 1) count.add(nowMs);
    for (let extra = 0; extra < 3; extra += 1) count.add(5_000);
    expect(count.greatest).toBe(12);
  });

  it('should never let more than the limit into a window, and never refuse what would fit', () => {
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 6 }), (steps, limit) => {
        const log = new RateLog(limit, intervalMs);
        const passed: number[] = [];
        for (const nowMs of instants(steps)) {
          const fits = greatestByHand([...passed, nowMs]) <= limit;
          expect(log.freeAtMs() <= nowMs).toBe(fits);
          if (!fits) continue;
          log.record(nowMs);
          passed.push(nowMs);
        }
      }),
    );
  });
});
