import { describe, expect, it } from 'vitest';
import { planOf, pollsOf } from './plans.js';

describe('a poll plan that knows little', () => {
  it('asks for a task each interval, counted from its start and from the end of its last poll', () => {
    expect(pollsOf(planOf({ batch: 1 }), 35_000, 300)).toEqual([10_000, 20_300, 30_600, 40_900]);
  });

  it('asks for nobody where nobody runs', () => {
    const plan = planOf();
    expect(plan.nextAtMs(0)).toBe(Infinity);
    expect(plan.take(0)).toEqual([]);
  });

  it('asks for nobody before the time', () => {
    const plan = planOf();
    plan.started('a', 5);
    expect(plan.take(10_004)).toEqual([]);
    expect(plan.nextAtMs(10_004)).toBe(10_005);
    expect(plan.take(10_005)).toEqual(['a']);
  });

  it('takes all others along with the one that is due, and counts their interval from there', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.started('b', 9_000);
    expect(plan.take(10_000)).toEqual(['a', 'b']);
    plan.answered('a', 10_300, 'running');
    plan.answered('b', 10_300, 'running');
    expect(plan.nextAtMs(10_300)).toBe(20_300);
  });

  it('asks for as many as one poll can, the one that has waited longest first', () => {
    const plan = planOf({ batch: 2 });
    plan.started('c', 2);
    plan.started('a', 0);
    plan.started('b', 1);
    expect(plan.take(10_000)).toEqual(['a', 'b']);
    expect(plan.nextAtMs(10_000)).toBe(10_002);
    expect(plan.take(10_002)).toEqual(['c']);
  });

  it('asks for nobody who is on the way already', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.take(10_000);
    expect(plan.nextAtMs(60_000)).toBe(Infinity);
    plan.started('b', 15_000);
    expect(plan.take(25_000)).toEqual(['b']);
  });

  it('decides whom it asks for when the poll leaves, however late that is', () => {
    const plan = planOf();
    plan.started('a', 0);
    expect(plan.nextAtMs(0)).toBe(10_000);
    plan.started('b', 11_000);
    plan.ended('a', 12_000);
    expect(plan.take(12_000)).toEqual([]);
    expect(plan.nextAtMs(12_000)).toBe(21_000);
  });

  it('asks at once for one that was adopted and has run for long', () => {
    const plan = planOf();
    plan.started('a', -600_000);
    expect(plan.nextAtMs(0)).toBeLessThanOrEqual(0);
    expect(plan.take(0)).toEqual(['a']);
  });

  it('asks again an interval after a poll that failed', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.take(10_000);
    plan.answered('a', 12_000, 'failed-poll');
    expect(plan.nextAtMs(12_000)).toBe(22_000);
  });

  it('leaves a task alone that is started twice', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.take(10_000);
    plan.started('a', 0);
    expect(plan.nextAtMs(10_000)).toBe(Infinity);
  });

  it('knows nobody any more who has ended or was forgotten, whatever comes afterwards', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.started('b', 0);
    plan.ended('a', 5_000);
    plan.forgotten('b');
    plan.answered('a', 6_000, 'running');
    plan.hint('b', 6_000);
    plan.ended('b', 6_000);
    expect(plan.nextAtMs(60_000)).toBe(Infinity);
  });
});

describe('a hint', () => {
  it('makes a task due at once', () => {
    const plan = planOf();
    plan.started('a', 0);
    expect(plan.nextAtMs(6_000)).toBe(10_000);
    plan.hint('a', 6_000);
    expect(plan.nextAtMs(6_000)).toBe(6_000);
  });

  it('cannot make it due sooner than the least interval after its start or last answer', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.hint('a', 100);
    expect(plan.nextAtMs(100)).toBe(2_500);
  });

  it('never makes it due later', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.hint('a', 11_000);
    expect(plan.nextAtMs(11_000)).toBe(10_000);
  });

  it('holds over the answer to a poll that had left before', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.take(10_000);
    plan.hint('a', 10_100);
    plan.answered('a', 10_300, 'running');
    expect(plan.nextAtMs(10_300)).toBe(12_800);
  });

  it('is spent once a poll has left', () => {
    const plan = planOf();
    plan.started('a', 0);
    plan.hint('a', 6_000);
    plan.take(6_000);
    plan.answered('a', 6_300, 'running');
    expect(plan.nextAtMs(6_300)).toBe(16_300);
  });
});
