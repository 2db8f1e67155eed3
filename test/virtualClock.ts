import type { Cancel, Clock } from '../src/clock.js';

export interface VirtualClockOptions {
  /** What the wall says at the start. */
  readonly epochMs?: number;
  /** How long a timer set for `delayMs` takes; it must let time pass. @defaultValue exactly that long */
  readonly timerMs?: (delayMs: number) => number;
}

/** A timer that fires `byMs` early, where it is set for longer than that. */
export function early(byMs: number): (delayMs: number) => number {
  return (delayMs) => (delayMs > byMs ? delayMs - byMs : delayMs);
}

/** A timer that fires `byMs` late. */
export function late(byMs: number): (delayMs: number) => number {
  return (delayMs) => delayMs + byMs;
}

/** What even the shortest timer takes: more than the last bit of any instant in these tests, so that time passes. */
const leastMs = 1e-8;

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/**
 * A clock that goes when it is told to. True time (`elapsedMs`) only goes forward and drives the timers; what `now` and
 * `epochNow` read can be stepped, each on its own.
 */
export class VirtualClock implements Clock {
  elapsedMs = 0;
  #rawOffsetMs = 0;
  #wallOffsetMs: number;
  readonly #timerMs: (delayMs: number) => number;
  readonly #timers = new Set<Timer>();

  constructor({ epochMs = Date.UTC(2026, 10, 1, 12), timerMs = (delayMs) => delayMs }: VirtualClockOptions = {}) {
    this.#wallOffsetMs = epochMs;
    this.#timerMs = timerMs;
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /** From now to the next timer, in ms; Infinity: none is set. */
  get untilNextMs(): number {
    return (this.#next()?.dueMs ?? Infinity) - this.elapsedMs;
  }

  now(): number {
    return this.elapsedMs + this.#rawOffsetMs;
  }

  epochNow(): number {
    return this.elapsedMs + this.#wallOffsetMs;
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const takesMs = Math.max(this.#timerMs(delayMs), leastMs);
    const timer = { dueMs: this.elapsedMs + takesMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Steps the monotonic reading back, which it should never do, by `byMs`. */
  stepBack(byMs: number): void {
    this.#rawOffsetMs -= byMs;
  }

  /** Steps the wall, either way. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  /** Lets `byMs` of true time pass: timers that fall due run at their instants, in order; those of one instant as set. */
  advance(byMs: number): void {
    const untilMs = this.elapsedMs + byMs;
    for (let turns = 0; ; turns++) {
      const next = this.#next();
      if (next === undefined || next.dueMs > untilMs) break;
      if (turns === 1_000_000) throw new Error(`a million timers fired within ${byMs} ms: somebody spins`);
      this.#fire(next);
    }
    this.elapsedMs = untilMs;
  }

  /** Lets time pass until no timer is set. */
  drain(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.#fire(next);
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    return next;
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer);
    this.elapsedMs = Math.max(this.elapsedMs, timer.dueMs);
    timer.run();
  }
}
