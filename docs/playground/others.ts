import type { Clock } from '../../operators/index.js';
import type { Random } from '../../src/simulator/seededRandom.js';
import type { Settings } from './scenario.js';
import type { StrictServer } from './server.js';
import { gapMs, takesMs } from './workload.js';

/** Somebody else on the same account, who asks by chance, for work like ours, and never tries again. */
export class Others {
  readonly #settings: Settings;
  readonly #server: StrictServer;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(settings: Settings, server: StrictServer, clock: Clock, random: Random) {
    this.#settings = settings;
    this.#server = server;
    this.#clock = clock;
    this.#random = random;
  }

  start(): void {
    if (this.#settings.othersPerMinute === 0) return;
    this.#clock.schedule(gapMs(this.#settings.othersPerMinute, this.#random), () => {
      this.#ask();
      this.start();
    });
  }

  #ask(): void {
    const { verdict } = this.#server.receive(this.#clock.now(), false);
    if (verdict !== 'served') return;
    this.#clock.schedule(takesMs(this.#settings, this.#random), () => this.#server.end(this.#clock.now()));
  }
}
