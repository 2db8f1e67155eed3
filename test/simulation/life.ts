import { from, type Subscription } from 'rxjs';
import { generate } from '../../operators/generate.js';
import type { GenerateResult } from '../../operators/generating/generateEvents.js';
import type { Cancel, Clock } from '../../src/clock.js';
import type { Disk } from '../../src/journal/disk.js';
import { fileJournal } from '../../src/journal/fileJournal.js';
import type { KlingRequest } from '../../src/kling/klingRequest.js';
import { createSimulatedClient } from '../../src/simulator/simulatedClient.js';
import type { Wire } from '../../src/simulator/wire.js';
import type { Kill, Scenario } from './scenario.js';

/** What a process of the world gets from it, and what it leaves there. */
export interface Surroundings {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly wire: Wire;
  readonly random: () => number;
  keep(result: GenerateResult<string>): void;
  /** The process is no more. */
  killed(): void;
}

/** One process: `generate` over a journal, until it ends or is killed. From then on nothing of it reaches the world. */
export class Life {
  isOver = false;
  error: unknown;
  readonly results: GenerateResult<string>[] = [];
  readonly #world: Surroundings;
  readonly #kill: Kill | undefined;
  #subscription: Subscription | undefined;
  #requests = 0;

  constructor(scenario: Scenario, prompts: readonly string[], world: Surroundings, kill: Kill | undefined) {
    this.#world = world;
    this.#kill = kill;
    const { api, concurrent, isAuto, rate, dailyCredits, deadlineMs } = scenario;
    // By choice, for a while: what cannot succeed would be made again for ever.
    const retryFailed = scenario.retryFailed && kill !== undefined;
    const clock = this.#clock();
    const client = createSimulatedClient({ wire: this.#wire(), clock, api });
    const journal = fileJournal({ directory: 'out', disk: world.disk });
    if (kill !== undefined && 'atMs' in kill) clock.schedule(kill.atMs, () => this.kill());
    this.#subscription = from(prompts)
      .pipe(
        generate<string, KlingRequest>(client, {
          journal,
          clock,
          random: world.random,
          rate,
          dailyCredits,
          deadlineMs,
          retryFailed,
          concurrent: isAuto ? 'auto' : concurrent,
        }),
      )
      .subscribe({
        next: (result) => {
          if (this.isOver) return;
          this.results.push(result);
          world.keep(result);
        },
        error: (error: unknown) => {
          this.error = error;
          this.isOver = true;
        },
        complete: () => (this.isOver = true),
      });
  }

  /** SIGKILL: no clean-up runs that anybody could see. */
  kill(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#world.killed();
    // What is left of it is only unsubscribed from so that its timers go.
    queueMicrotask(() => this.#subscription?.unsubscribe());
  }

  #clock(): Clock {
    const { clock } = this.#world;
    return {
      now: () => clock.now(),
      epochNow: () => clock.epochNow(),
      schedule: (delayMs, run): Cancel =>
        clock.schedule(delayMs, () => {
          if (!this.isOver) run();
        }),
    };
  }

  #wire(): Wire {
    return {
      send: (request, deliver) => {
        if (this.isOver) return;
        const kill = this.#kill;
        const isLast = kill !== undefined && 'request' in kill && ++this.#requests === kill.request;
        if (isLast) this.kill();
        if (isLast && !kill.isArriving) return;
        this.#world.wire.send(request, (delivery) => {
          if (!this.isOver) deliver(delivery);
        });
      },
      close: () => undefined,
    };
  }
}
