import { describe, expect, it } from 'vitest';
import { beginTask, type Task, type TaskMs } from '../../src/simulator/life.js';
import type { Order } from '../../src/simulator/orders.js';

const order: Order = {
  product: 'videos/text2video',
  model: undefined,
  prompt: 'a cat',
  externalId: undefined,
  callbackUrl: undefined,
  mode: 'std',
  seconds: 5,
  images: 0,
};

function begun(taskMs: TaskMs, draws: number[]): Task {
  return beginTask(
    { id: '1', order, credits: 10, deduction: 10, failing: false },
    taskMs,
    100,
    () => draws.shift() ?? 0,
  );
}

describe('the life of a task', () => {
  const slowSometimes: TaskMs = { min: 1_000, max: 2_000, tailMs: 10_000, tailShare: 0.1 };

  it.each<[string, TaskMs, number[], number]>([
    ['is drawn between min and max', slowSometimes, [0.1, 0.25], 1_250],
    ['is drawn between max and tailMs where it is a slow one', slowSometimes, [0.09, 0.25], 4_000],
    ['has no tail where none is asked for', { min: 1_000, max: 2_000 }, [0, 0.5], 1_500],
    ['has no tail beyond max where none is given', { min: 1_000, max: 2_000, tailShare: 1 }, [0.5, 0.9], 2_000],
  ])('%s', (_what, taskMs, draws, lastsMs) => {
    const task = begun(taskMs, draws);
    expect(task).toMatchObject({ createdAtMs: 100, startsAtMs: 100 + lastsMs / 10, endsAtMs: 100 + lastsMs });
  });
});
