import type { Cancel, Clock } from '../../src/clock.js';

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time that passes only when it is told to, and then at once: from timer to timer, in the order in which they are due. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#nowMs;
  }

  epochNow(): number {
    return Date.UTC(2026, 10, 1, 12) + this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), run };
    const later = this.#timers.findIndex(({ dueMs }) => dueMs > timer.dueMs);
    this.#timers.splice(later === -1 ? this.#timers.length : later, 0, timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Lets `byMs` pass. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    while (this.#step(untilMs));
    this.#nowMs = untilMs;
  }

  /** Lets time pass until no timer is set. */
  drain(): void {
    while (this.#step(Infinity));
  }

  /** Lets time pass until no timer is set, or for `byMs`; at each instant, promises settle before time goes on. */
  async settle(byMs = Infinity): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    do await promises();
    while (this.#step(untilMs));
    if (untilMs !== Infinity) this.#nowMs = untilMs;
  }

  /** The machine sleeps for `byMs`: only as it wakes do the timers run that were due meanwhile. */
  sleep(byMs: number): void {
    this.#nowMs += byMs;
    this.advance(0);
  }

  #step(untilMs: number): boolean {
    const next = this.#timers[0];
    if (next === undefined || next.dueMs > untilMs) return false;
    this.#timers.shift();
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.run();
    return true;
  }
}

/** Resolves when every promise that can settle without a timer has. */
export function promises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
