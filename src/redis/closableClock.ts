import type { Cancel, Clock } from '../clock.js';

/** A view of a clock whose timers can all be dropped at once: whoever closes leaves none behind to keep a process alive. */
export class ClosableClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<Cancel>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  epochNow(): number {
    return this.#clock.epochNow();
  }

  schedule(delayMs: number, run: () => void): Cancel {
    const drop = (): void => {
      cancel();
      this.#pending.delete(drop);
    };
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#pending.delete(drop);
      run();
    });
    this.#pending.add(drop);
    return drop;
  }

  close(): void {
    for (const drop of this.#pending) drop();
  }
}
