import { asapScheduler, asyncScheduler, VirtualTimeScheduler } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ambientClock, clockFrom, clockOf } from '../../../operators/time/clock.js';
import { systemClock } from '../../../src/clock.js';
import { marbles } from '../marbles.js';
import { VirtualClock } from '../virtualClock.js';

describe('the clock of a scheduler', () => {
  afterEach(() => void vi.useRealTimers());

  it('reads its time and schedules on it', () => {
    const scheduler = new VirtualTimeScheduler();
    const clock = clockOf(scheduler);
    const ran: number[] = [];
    clock.schedule(20, () => ran.push(clock.now()));
    clock.schedule(10, () => ran.push(clock.epochNow()));
    const cancel = clock.schedule(15, () => ran.push(NaN));
    cancel();
    cancel();
    scheduler.flush();
    expect(ran).toEqual([10, 20]);
  });

  it('waits in parts for what no timer holds, and runs once', () => {
    vi.useFakeTimers();
    const monthMs = 30 * 86_400_000;
    const run = vi.fn();
    clockOf(asyncScheduler).schedule(monthMs, run);
    vi.advanceTimersByTime(monthMs - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(monthMs);
    expect(run).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([1_000, 30 * 86_400_000])('waits %f ms, where its reading is set back meanwhile', (delayMs) => {
    vi.useFakeTimers();
    const run = vi.fn();
    clockOf(asyncScheduler).schedule(delayMs, run);
    vi.advanceTimersByTime(delayMs / 2);
    vi.setSystemTime(Date.now() - 3_600_000);
    vi.advanceTimersByTime(delayMs / 2 - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('lets go of a wait in parts', () => {
    vi.useFakeTimers();
    const monthMs = 30 * 86_400_000;
    const cancel = clockOf(asyncScheduler).schedule(monthMs, () => undefined);
    vi.advanceTimersByTime(monthMs - 1);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never runs at once, though the delay be nothing', () => {
    const run = vi.fn();
    const cancel = clockOf(asapScheduler).schedule(0, run);
    expect(run).not.toHaveBeenCalled();
    cancel();
  });
});

describe('the clock of the moment', () => {
  afterEach(() => void vi.useRealTimers());

  it('is the machine', () => {
    expect(ambientClock()).toBe(systemClock);
  });

  it('is the machine under fake timers, whatever year they say', () => {
    vi.useFakeTimers({ now: 0 });
    expect(ambientClock()).toBe(systemClock);
  });

  it(
    'is virtual within TestScheduler.run',
    marbles(({ cold, expectObservable }) => {
      expect(ambientClock()).not.toBe(systemClock);
      expect(ambientClock().now()).toBe(0);
      expectObservable(cold('a|')).toBe('a|');
    }),
  );

  it('gives way to a clock or a scheduler', () => {
    const clock = new VirtualClock();
    const scheduler = new VirtualTimeScheduler();
    scheduler.frame = 42;
    expect(clockFrom({ clock })).toBe(clock);
    expect(clockFrom({ scheduler }).now()).toBe(42);
    expect(clockFrom({})).toBe(systemClock);
  });
});
