import type { Clock } from '../../src/clock.js';

/** A clock that goes when it is told to; both of its sides go together. */
export class ManualClock implements Clock {
  #elapsedMs = 0;
  #timers: { readonly dueMs: number; readonly run: () => void }[] = [];
  readonly #startEpochMs: number;

  constructor(startEpochMs = Date.UTC(2026, 10, 1)) {
    this.#startEpochMs = startEpochMs;
  }

  now(): number {
    return this.#elapsedMs;
  }

  epochNow(): number {
    return this.#startEpochMs + this.#elapsedMs;
  }

  schedule(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#elapsedMs + delayMs, run };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  advance(byMs: number): void {
    this.#elapsedMs += byMs;
    const due = this.#timers.filter(({ dueMs }) => dueMs <= this.#elapsedMs);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { run } of due) run();
  }

  get pending(): number {
    return this.#timers.length;
  }
}
