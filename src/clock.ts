import { OptionsError } from './errors.js';

/** Undoes what it was returned by; calling it again does nothing. */
export type Cancel = () => void;

/**
 * The one source of time. Every decision reads `now()`; the wall (`epochNow()`) serves calendars, HTTP dates and records.
 */
export interface Clock {
  /** Monotonic time in milliseconds, with fractions, from an arbitrary origin. */
  now(): number;
  /** Wall time in milliseconds since 1970, as the machine believes it; may step either way. */
  epochNow(): number;
  /** Calls `run` once, `delayMs` from now or later, never before; any finite delay (0 means soon, never at once). */
  schedule(delayMs: number, run: () => void): Cancel;
}

/** The longest delay a JavaScript timer holds, in ms; a longer one would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * The machine's clock: `performance.now()`, `Date.now()` and `setTimeout`, looked up at each call so that fake timers work.
 * A timer that fires early (Node's may, by up to 1 ms) is armed again; a delay over 24.8 days is waited for in parts.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  epochNow: () => Date.now(),
  schedule(delayMs, run) {
    // Node warns of a delay below 0.
    const waitMs = Math.max(0, delayMs);
    const dueMs = performance.now() + waitMs;
    let timer = setTimeout(tick, Math.min(Math.ceil(waitMs), longestTimerMs));
    function tick(): void {
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) timer = setTimeout(tick, Math.min(Math.ceil(leftMs), longestTimerMs));
      else run();
    }
    return () => clearTimeout(timer);
  },
};

/**
 * A clock that runs `speed` times as fast as `clock`: at 60 a minute of it takes one second. Both sides start at the
 * same instant; the wall side starts at the wall time of the call.
 *
 * @param speed more than 0
 * @throws OptionsError
 */
export function scaledClock(clock: Clock, speed: number): Clock {
  if (!(speed > 0 && speed < Infinity)) {
    throw new OptionsError(`scaledClock: speed must be a finite number of more than 0 (got ${speed})`, 'speed');
  }
  const startMs = clock.now();
  const startEpochMs = clock.epochNow();
  return {
    now: () => (clock.now() - startMs) * speed,
    epochNow: () => startEpochMs + (clock.now() - startMs) * speed,
    schedule: (delayMs, run) => clock.schedule(delayMs / speed, run),
  };
}

/**
 * A view of `clock` that never goes back: where the reading steps back, time stands still for the step and goes on
 * from there. Elapsed time is never counted twice, so no limit breaks, and nothing waits for the old reading to return.
 */
export function monotonic(clock: Clock): Clock {
  let lostMs = 0;
  let lastMs = -Infinity;
  return {
    now() {
      const nowMs = clock.now() + lostMs;
      if (nowMs >= lastMs) return (lastMs = nowMs);
      lostMs += lastMs - nowMs;
      return lastMs;
    },
    epochNow: () => clock.epochNow(),
    schedule: (delayMs, run) => clock.schedule(delayMs, run),
  };
}

/**
 * Resolves once every promise that needs nothing from outside has settled: a turn of the event loop, as short as the
 * platform has it (a timer's would be a millisecond).
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
