import { expect } from 'vitest';
import { PollPlan, type PollPlanOptions } from '../../src/tasks/pollPlan.js';

/** An interval of 10 s, batches of 20. */
export function planOf(options: Partial<PollPlanOptions> = {}): PollPlan {
  return new PollPlan({ intervalMs: 10_000, batch: 20, ...options });
}

/** A plan that has followed tasks which lasted so long, one after the other. */
export function learnt(livesMs: readonly number[], options: Partial<PollPlanOptions> = {}): PollPlan {
  const plan = planOf(options);
  for (const lastsMs of livesMs) pollsOf(plan, lastsMs);
  return plan;
}

/** When a task that starts at 0 and lasts so long is asked for; each poll takes `flightMs`. */
export function pollsOf(plan: PollPlan, lastsMs: number, flightMs = 0): number[] {
  const polls: number[] = [];
  plan.started('a', 0);
  for (let nowMs = 0; ;) {
    nowMs = plan.nextAtMs(nowMs);
    polls.push(nowMs);
    expect(plan.take(nowMs)).toEqual(['a']);
    const isOver = nowMs >= lastsMs;
    nowMs += flightMs;
    if (isOver) {
      plan.ended('a', nowMs, lastsMs);
      return polls;
    }
    plan.answered('a', nowMs, 'running');
  }
}

/** `count` numbers, evenly from `min` to `max`. */
export const spread = (min: number, max: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => min + ((max - min) * index) / (count - 1));
