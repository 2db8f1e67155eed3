import type { Cancel, Clock } from '../../src/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/**
 * Time that goes from timer to timer as it is told to, without a turn of the event loop between them: for work that
 * makes no promises. Few timers are set at a time, so they are kept in their order.
 */
export class SteppedClock implements Clock {
  #nowMs = 0;
  /** The next one last; of one instant, the first to be set. */
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#nowMs;
  }

  epochNow(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), run, isCancelled: false };
    let [from, to] = [0, this.#timers.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#timers[middle]!.dueMs > timer.dueMs) from = middle + 1;
      else to = middle;
    }
    this.#timers.splice(from, 0, timer);
    return () => void (timer.isCancelled = true);
  }

  /** When the next timer is due, in ms; Infinity: none is set. */
  get nextMs(): number {
    while (this.#timers.at(-1)?.isCancelled === true) this.#timers.pop();
    return this.#timers.at(-1)?.dueMs ?? Infinity;
  }

  /** Goes on to an instant before the next timer. */
  passTo(atMs: number): void {
    this.#nowMs = Math.min(atMs, this.nextMs);
  }

  /** Goes on to the next timer, and runs it. */
  step(): void {
    this.#nowMs = this.nextMs;
    this.#timers.pop()?.run();
  }
}
