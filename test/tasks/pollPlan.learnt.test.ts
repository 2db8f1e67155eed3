import { describe, expect, it } from 'vitest';
import type { PollPlan } from '../../src/tasks/pollPlan.js';
import { learnt, planOf, pollsOf, spread } from './plans.js';

describe('a poll plan that has learnt how long tasks take', () => {
  it('begins to with the eighth that ends', () => {
    expect(pollsOf(learnt(spread(57_000, 63_000, 7)), 60_000)).toHaveLength(6);
    expect(pollsOf(learnt(spread(57_000, 63_000, 8)), 60_000).length).toBeLessThan(4);
  });

  it('goes by the interval alone until then', () => {
    const plan = learnt(spread(900, 1_100, 7), { batch: 1 });
    plan.started('a', 0);
    plan.take(10_000);
    plan.answered('a', 10_000, 'running');
    plan.started('b', 12_000);
    expect(plan.take(20_000)).toEqual(['a']);
  });

  it('asks right behind the lives of tasks that all take about as long', () => {
    const [first, second, ...others] = pollsOf(learnt(spread(57_000, 63_000, 40)), 62_000);
    expect(first).toBe(40_000);
    expect(second).toBeGreaterThan(62_000);
    expect(second).toBeLessThan(64_000);
    expect(others).toEqual([]);
  });

  it('asks behind either kind of two kinds of tasks', () => {
    const plan = learnt([...spread(29_000, 31_000, 20), ...spread(66_000, 68_000, 20)]);
    const [first, second] = pollsOf(plan, 68_000);
    expect(first).toBeGreaterThan(30_900);
    expect(first).toBeLessThan(33_000);
    expect(second).toBeGreaterThan(67_000);
  });

  it('asks ever more often the surer the end is, and ever less past all that it has seen', () => {
    const polls = pollsOf(learnt(spread(24_000, 83_000, 60)), 500_000);
    const gaps = polls.map((atMs, index) => atMs - (polls[index - 1] ?? 0));
    const within = gaps.slice(
      1,
      polls.findIndex((atMs) => atMs > 83_000),
    );
    const beyond = gaps.slice(polls.findIndex((atMs) => atMs > 100_000));
    expect(within.at(-1)).toBeLessThan(within[0]! * 0.8);
    expect(beyond.at(-1)).toBeGreaterThan(beyond[0]! * 1.2);
    expect(Math.max(...beyond)).toBeLessThanOrEqual(40_000);
  });

  it('shares a poll rather than to send two', () => {
    const plan = learnt(spread(59_000, 61_000, 30));
    plan.started('a', 0);
    plan.started('b', 1_000);
    plan.take(40_000);
    plan.answered('a', 40_000, 'running');
    plan.answered('b', 40_000, 'running');
    const atMs = plan.nextAtMs(40_000);
    expect(atMs).toBeGreaterThan(61_900);
    expect(atMs).toBeLessThan(63_500);
    expect(plan.take(atMs)).toEqual(['a', 'b']);
  });

  it('asks for those first who have most likely ended, where not all can be asked for', () => {
    const plan = learnt(spread(57_000, 63_000, 40), { batch: 2 });
    const startsAtMs = { d: 30_000, b: 28_000, c: 29_000, a: 27_000 };
    for (const [id, atMs] of Object.entries(startsAtMs)) plan.started(id, atMs);
    plan.hint('c', 66_000);
    expect(plan.take(66_000)).toEqual(['c', 'a']);
    expect(plan.take(68_000)).toEqual(['d', 'b']);
  });

  it('follows lives that become shorter', () => {
    const plan = learnt([...spread(57_000, 63_000, 60), ...spread(29_000, 31_000, 64)]);
    expect(pollsOf(plan, 31_000)).toHaveLength(1);
  });

  it('learns nothing from polls that failed', () => {
    const plan = learnt(spread(57_000, 63_000, 30));
    plan.started('a', 0);
    plan.take(40_000);
    plan.answered('a', 40_300, 'failed-poll');
    // It is as likely as before that it has ended: it is due behind the lives of all.
    expect(plan.nextAtMs(40_300)).toBeGreaterThan(62_000);
    plan.take(70_000);
    plan.answered('a', 70_300, 'failed-poll');
    expect(plan.nextAtMs(70_300)).toBe(72_800);
  });

  it('does not wait for one whose poll has failed where it is time for another', () => {
    const plan = learnt(spread(57_000, 63_000, 40), { batch: 1 });
    plan.started('a', 0);
    plan.started('b', 5_000);
    plan.hint('b', 30_000);
    expect(plan.take(30_000)).toEqual(['b']);
    plan.answered('b', 30_000, 'running');
    expect(plan.take(65_000)).toEqual(['a']);
    plan.answered('a', 65_000, 'failed-poll');
    expect(plan.nextAtMs(65_000)).toBeLessThan(67_500);
    expect(plan.take(67_500)).toEqual(['b']);
  });

  it('does not wait for the others of a batch where one is late', () => {
    const plan = learnt(spread(57_000, 63_000, 40), { batch: 1 });
    plan.started('a', 0);
    plan.started('b', 15_000);
    plan.hint('a', 40_000);
    plan.take(40_000);
    plan.answered('a', 40_000, 'running');
    plan.hint('b', 50_000);
    plan.take(50_000);
    plan.answered('b', 50_000, 'running');
    const atMs = plan.nextAtMs(50_000);
    expect(atMs).toBeLessThan(64_000);
    expect(plan.take(atMs)).toEqual(['a']);
    plan.ended('a', atMs, 61_000);
    expect(plan.nextAtMs(atMs)).toBeGreaterThan(75_000);
  });

  it('asks tasks that began together in the order in which they came', () => {
    const plan = learnt(spread(24_000, 83_000, 30), { batch: 1 });
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) plan.started(id, 0);
    const atMs = plan.nextAtMs(0);
    expect(ids.flatMap(() => plan.take(atMs))).toEqual(ids);
  });
});

describe('a poll plan that is not told how long tasks took', () => {
  /** Tasks that were asked for before and after they ended, and took about a minute. */
  function guessing(): PollPlan {
    const plan = planOf();
    for (let index = 0; index < 12; index++) {
      plan.started('past', -65_000);
      plan.hint('past', -5_000);
      plan.take(-5_000);
      plan.answered('past', -5_000, 'running');
      plan.hint('past', 0);
      plan.take(0);
      plan.ended('past', 0);
    }
    return plan;
  }

  it('guesses that they ended half way between two polls', () => {
    const last = pollsOf(guessing(), 62_500).at(-1)!;
    expect(last).toBeGreaterThanOrEqual(62_500);
    expect(last).toBeLessThan(63_500);
  });

  it('keeps polls closer together, so that it can', () => {
    const polls = pollsOf(guessing(), 62_500);
    expect(polls.slice(0, 2)).toEqual([20_000, 40_000]);
  });

  it('learns nothing from an end between polls far apart', () => {
    const plan = planOf();
    for (let index = 0; index < 12; index++) {
      plan.started('adopted', -600_000);
      plan.take(0);
      plan.ended('adopted', 0);
    }
    expect(pollsOf(plan, 35_000)).toEqual([10_000, 20_000, 30_000, 40_000]);
  });
});
