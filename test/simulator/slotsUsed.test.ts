import { describe, expect, it } from 'vitest';
import { beginTask, type Task } from '../../src/simulator/life.js';
import { readOrder } from '../../src/simulator/readOrder.js';
import { slotsUsed } from '../../src/simulator/slotsUsed.js';

const reading = readOrder({ product: 'videos/text2video' }, { prompt: 'a cat' });
if (!reading.ok) throw new Error(reading.message);
const { order } = reading;

function task(createdAtMs: number, lastsMs: number): Task {
  const beginning = { id: '1', order, credits: 10, deduction: 10, failing: false };
  return beginTask(beginning, { min: lastsMs, max: lastsMs }, createdAtMs, () => 0);
}

describe('the sweep over slots', () => {
  it('would show it if we took a slot that others hold', () => {
    const others = [{ fromMs: 0, untilMs: 100, tasks: 2 }];
    const at = (nowMs: number): unknown => slotsUsed([task(5, 50), task(6, 60)], { tasks: 2, others }, nowMs);
    expect([at(10), at(55)]).toEqual([
      { ours: 2, theirs: 2, greatest: 4, greatestTheirs: 2 },
      { ours: 1, theirs: 2, greatest: 4, greatestTheirs: 2 },
    ]);
  });

  it('others hold what is left to them, and the most of it is remembered', () => {
    const others = [{ fromMs: 10, untilMs: 100, tasks: 9 }];
    const ours = [task(0, 20), task(0, 30)];
    const at = (nowMs: number): unknown => slotsUsed(ours, { tasks: 3, others }, nowMs);
    expect([at(9), at(10), at(20), at(30), at(100)]).toEqual([
      { ours: 2, theirs: 0, greatest: 2, greatestTheirs: 0 },
      { ours: 2, theirs: 1, greatest: 3, greatestTheirs: 1 },
      { ours: 1, theirs: 2, greatest: 3, greatestTheirs: 2 },
      { ours: 0, theirs: 3, greatest: 3, greatestTheirs: 3 },
      { ours: 0, theirs: 0, greatest: 3, greatestTheirs: 3 },
    ]);
  });

  it("a task that lasts no time is in nobody's way", () => {
    expect(slotsUsed([task(5, 0), task(5, 10), task(5, 0)], { tasks: 3, others: [] }, 5)).toMatchObject({
      ours: 1,
      greatest: 1,
    });
  });
});
