import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { monotonic, scaledClock, systemClock } from '../src/clock.js';
import { OptionsError } from '../src/errors.js';
import { VirtualClock as EndlessClock } from '../src/virtualClock.js';
import { WakeUp } from '../src/wakeUp.js';
import { VirtualClock } from './virtualClock.js';

const dayMs = 86_400_000;

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 1) }));
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it('reads performance.now and Date.now, fake ones too', () => {
    const startMs = systemClock.now();
    vi.advanceTimersByTime(1_234);
    expect(systemClock.now() - startMs).toBe(1_234);
    expect(systemClock.epochNow()).toBe(Date.UTC(2026, 10, 1) + 1_234);
  });

  it('calls once, not before the delay has passed', () => {
    const run = vi.fn();
    systemClock.schedule(100, run);
    vi.advanceTimersByTime(99);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(dayMs);
    expect(run).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never calls from within schedule, also for a delay of 0 or less', () => {
    const run = vi.fn();
    systemClock.schedule(0, run);
    systemClock.schedule(-5, run);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('rounds a fraction up, never down', () => {
    const run = vi.fn();
    systemClock.schedule(3.33, run);
    vi.advanceTimersByTime(3);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('arms a timer again that fires early', () => {
    const run = vi.fn();
    const readings = [0, 99.2, 99.9, 100];
    vi.spyOn(performance, 'now').mockImplementation(() => readings.shift() ?? 100);
    systemClock.schedule(100, run);
    vi.advanceTimersByTime(100);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    expect(run).toHaveBeenCalledTimes(1);
    expect(readings).toEqual([]);
  });

  it.each([
    ['25 days, just over what a timer holds', 25 * dayMs],
    ['100 days', 100 * dayMs],
    ['2^31 ms', 2 ** 31],
  ])('waits for %s in parts, and fires once and on time', (_, delayMs) => {
    const run = vi.fn();
    systemClock.schedule(delayMs, run);
    vi.advanceTimersByTime(delayMs - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never sets a timer for longer than one holds', () => {
    const setTimer = vi.spyOn(globalThis, 'setTimeout');
    systemClock.schedule(60 * dayMs, () => {});
    vi.advanceTimersByTime(60 * dayMs);
    const delays = setTimer.mock.calls.map(([, delayMs]) => delayMs ?? NaN);
    expect(delays).toEqual([2 ** 31 - 1, 2 ** 31 - 1, 60 * dayMs - 2 * (2 ** 31 - 1)]);
  });

  it('cancels, in a later part too; twice does nothing more', () => {
    const run = vi.fn();
    const cancel = systemClock.schedule(60 * dayMs, run);
    vi.advanceTimersByTime(30 * dayMs);
    cancel();
    cancel();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(60 * dayMs);
    expect(run).not.toHaveBeenCalled();
  });
});

describe('monotonic', () => {
  it('reads what the clock reads while that goes forward', () => {
    const raw = new VirtualClock();
    const clock = monotonic(raw);
    raw.advance(7.5);
    expect(clock.now()).toBe(7.5);
  });

  it('stands still over a step back, then goes on from there', () => {
    const raw = new VirtualClock();
    const clock = monotonic(raw);
    raw.advance(100);
    expect(clock.now()).toBe(100);
    raw.stepBack(60);
    expect(clock.now()).toBe(100);
    raw.advance(10);
    expect(clock.now()).toBe(110);
    raw.stepBack(1_000);
    raw.advance(5);
    expect(clock.now()).toBe(110);
    raw.advance(5);
    expect(clock.now()).toBe(115);
  });

  it('leaves the wall and the timers alone', () => {
    const raw = new VirtualClock({ epochMs: 500 });
    const clock = monotonic(raw);
    raw.stepWall(-400);
    expect(clock.epochNow()).toBe(100);
    const cancel = clock.schedule(10, () => {});
    expect(raw.pending).toBe(1);
    cancel();
    expect(raw.pending).toBe(0);
  });
});

describe('scaledClock', () => {
  it('starts at 0 and at the wall time of the call, and runs both sides faster', () => {
    const raw = new VirtualClock({ epochMs: 5_000 });
    raw.advance(1_000);
    const clock = scaledClock(raw, 60);
    expect([clock.now(), clock.epochNow()]).toEqual([0, 6_000]);
    raw.advance(1_000);
    expect([clock.now(), clock.epochNow()]).toEqual([60_000, 66_000]);
  });

  it.each([NaN, 0, -1, Infinity])('refuses a speed of %d: time would stand still, or go back', (speed) => {
    expect(() => scaledClock(new VirtualClock(), speed)).toThrow(
      new OptionsError(`scaledClock: speed must be a finite number of more than 0 (got ${speed})`, 'speed'),
    );
  });

  it('runs its timers faster as well', () => {
    const raw = new VirtualClock();
    const clock = scaledClock(raw, 60);
    const ranAtMs: number[] = [];
    clock.schedule(60_000, () => ranAtMs.push(raw.now(), clock.now()));
    raw.drain();
    expect(ranAtMs).toEqual([1_000, 60_000]);
  });

  it.each([1e5, 1e9, 1e12 + 0.3])(
    'comes to its instants over a virtual clock that has gone on to %d ms',
    async (startMs) => {
      const raw = new EndlessClock();
      await raw.settle(startMs);
      for (const speed of [0.1, 1 / 3, 7, 60, 1_000]) {
        const clock = scaledClock(raw, speed);
        let ticks = 0;
        const wakeUp = new WakeUp(clock, look);
        function look(): void {
          ticks++;
          if (clock.now() < 1_000 / 21) wakeUp.at(1_000 / 21);
        }
        wakeUp.at(1_000 / 21);
        await raw.settle(Infinity, () => ticks > 100);
        expect(ticks).toBeLessThan(100);
        expect(clock.now()).toBeGreaterThanOrEqual(1_000 / 21);
      }
    },
  );
});
