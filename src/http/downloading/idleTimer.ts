import type { Cancel, Clock } from '../../clock.js';

/** Fires once nothing has been heard for `timeoutMs`. One timer at a time, however often something is. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #onIdle: () => void;
  #heardAtMs: number;
  #cancel: Cancel;

  constructor(clock: Clock, timeoutMs: number, onIdle: () => void) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#onIdle = onIdle;
    this.#heardAtMs = clock.now();
    this.#cancel = clock.schedule(timeoutMs, this.#check);
  }

  heard(): void {
    this.#heardAtMs = this.#clock.now();
  }

  stop(): void {
    this.#cancel();
  }

  readonly #check = (): void => {
    const leftMs = this.#heardAtMs + this.#timeoutMs - this.#clock.now();
    if (leftMs <= 0) this.#onIdle();
    else this.#cancel = this.#clock.schedule(leftMs, this.#check);
  };
}
