import type { Cancel, Clock } from './clock.js';

/** One timer for all that waits: set anew as the next instant changes, and none where there is nothing to wait for. */
export class WakeUp {
  readonly #clock: Clock;
  readonly #run: () => void;
  #atMs = Infinity;
  #cancel: Cancel | undefined;

  constructor(clock: Clock, run: () => void) {
    this.#clock = clock;
    this.#run = run;
  }

  /** Runs it at that instant instead of any that was set before; Infinity: not at all. */
  at(atMs: number): void {
    if (atMs === this.#atMs) return;
    this.#atMs = atMs;
    this.#cancel?.();
    this.#cancel = undefined;
    if (atMs === Infinity) return;
    this.#cancel = this.#clock.schedule(atMs - this.#clock.now(), () => {
      this.#atMs = Infinity;
      this.#cancel = undefined;
      this.#run();
    });
  }
}
