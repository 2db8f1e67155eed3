import { nextTurn, type Cancel, type Clock } from './clock.js';
import { Heap } from './heap.js';

export interface VirtualClockOptions {
  /** What the wall says at 0 ms, in ms since 1970. @defaultValue the start of 2026, UTC */
  readonly epochAtMs?: number;
}

interface Timer {
  readonly dueMs: number;
  /** Timers of one instant run in the order in which they were set. */
  readonly place: number;
  readonly run: () => void;
  isCancelled: boolean;
}

const startOf2026AtMs = 1_767_225_600_000;

/**
 * Time that passes from timer to timer, as fast as the work between them takes: hours of a run in a second. Promises
 * settle before time goes on, so whatever is built on a `Clock` behaves as it would in real time.
 */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs: number;
  #set = 0;
  readonly #timers = new Heap(isBefore);

  constructor({ epochAtMs = startOf2026AtMs }: VirtualClockOptions = {}) {
    this.#wallOffsetMs = epochAtMs;
  }

  now(): number {
    return this.#nowMs;
  }

  epochNow(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const timer = { dueMs: this.#dueMs(delayMs), place: this.#set++, run, isCancelled: false };
    this.#timers.add(timer);
    return () => void (timer.isCancelled = true);
  }

  /** Sets the wall, either way; what is measured in elapsed time does not notice. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Lets time pass until no timer is set, or for `byMs`, or until `isOver` says so after an instant. */
  async settle(byMs = Infinity, isOver: () => boolean = () => false): Promise<void> {
    const untilMs = this.#nowMs + byMs;
    do await nextTurn();
    while (!isOver() && this.#step(untilMs));
    if (untilMs !== Infinity && !isOver()) this.#nowMs = untilMs;
  }

  /** A wait shorter than the last bit of the reading brings time on by that: else who asks for the rest asks for ever. */
  #dueMs(delayMs: number): number {
    const dueMs = this.#nowMs + Math.max(0, delayMs);
    return delayMs > 0 && dueMs === this.#nowMs ? this.#nowMs * (1 + Number.EPSILON) : dueMs;
  }

  /** Runs the next timer; false where there is none until then. */
  #step(untilMs: number): boolean {
    for (;;) {
      const next = this.#timers.first;
      if (next === undefined || next.dueMs > untilMs) return false;
      this.#timers.removeFirst();
      if (next.isCancelled) continue;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
      return true;
    }
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.place < other.place);
}
