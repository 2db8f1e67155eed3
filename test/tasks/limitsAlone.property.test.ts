import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitsAloneMs } from '../../src/tasks/limitsAlone.js';

const durations = fc.array(fc.nat({ max: 100_000 }), { maxLength: 60 });
const tasksOf = (all: readonly number[]): { slots: number; durationMs: number }[] =>
  all.map((durationMs) => ({ slots: 1, durationMs }));
const slotsAlone = (tasks: readonly { slots: number; durationMs: number }[], concurrent: number): number =>
  limitsAloneMs({ tasks, concurrent, requests: 0, rate: 'off' });

describe('limitsAloneMs', () => {
  it.each([
    [[], 3, 0],
    [[5], 3, 5],
    [[5, 5, 5, 5], 3, 10],
    [[9, 1, 1, 1], 2, 9],
    [[1, 2, 3, 4], 1, 10],
  ])('tasks of %j ms in %d slots take %d', (all, concurrent, ms) => {
    expect(slotsAlone(tasksOf(all), concurrent)).toBe(ms);
  });

  it('counts the slots that a task holds, and keeps the order', () => {
    const tasks = [
      { slots: 2, durationMs: 10 },
      { slots: 2, durationMs: 10 },
      { slots: 1, durationMs: 10 },
    ];
    // The third would fit beside the first, but stands behind the second.
    expect(slotsAlone(tasks, 3)).toBe(20);
    expect(slotsAlone(tasks, 2)).toBe(30);
  });

  it.each([
    [0, 0],
    [30, 0],
    [31, 60_000],
    [60, 60_000],
    [61, 120_000],
  ])('%d requests at 30 a minute take %d ms', (requests, ms) => {
    const rate = { limit: 30, intervalMs: 60_000 };
    expect(limitsAloneMs({ tasks: [], concurrent: 1, requests, rate })).toBe(ms);
    expect(limitsAloneMs({ tasks: tasksOf([70_000]), concurrent: 1, requests, rate })).toBe(Math.max(ms, 70_000));
  });

  it('should never be under what the slots can hold or the longest task takes, nor over twice the one and once the other', () => {
    fc.assert(
      fc.property(durations, fc.integer({ min: 1, max: 8 }), (all, concurrent) => {
        const share = all.reduce((sum, ms) => sum + ms, 0) / concurrent;
        const longest = Math.max(0, ...all);
        const bound = slotsAlone(tasksOf(all), concurrent);
        expect(bound).toBeGreaterThanOrEqual(Math.max(Math.ceil(share), longest));
        expect(bound).toBeLessThanOrEqual(share + longest);
      }),
    );
  });
});
