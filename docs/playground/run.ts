import { Observable, of, tap } from 'rxjs';
import { concurrencyLimit, createLimiter, retryWithJitter, type Refusal } from '../../operators/index.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { HeldTimes } from './heldTimes.js';
import { idealMs } from './ideal.js';
import { limitsOf } from './limits.js';
import { Others } from './others.js';
import type { RunRecord } from './record.js';
import { Sampler } from './sampler.js';
import type { Settings } from './scenario.js';
import { meanings, StrictServer, type Answer } from './server.js';
import { SteppedClock } from './steppedClock.js';
import { ItemStory } from './story.js';
import { workload } from './workload.js';

/** A run of more timers is stopped: settings can ask for millions of requests. */
export const mostSteps = 100_000;

/** What a request fails with. */
class Refused extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super(answer.verdict);
    this.answer = answer;
  }
}

/** What happens under these settings, from the first arrival to the last end. The same settings give the same record. */
export function run(settings: Settings, steps = mostSteps): RunRecord {
  const playing = new Run(settings, steps);
  while (playing.step());
  return playing.record();
}

/**
 * A run under way, to be stepped from timer to timer. The limiter, its limits, the operators and the backoff are those
 * of the library; only time, the network and the server are made here.
 */
export class Run {
  readonly #settings: Settings;
  readonly #mostSteps: number;
  readonly #clock = new SteppedClock();
  readonly #server: StrictServer;
  readonly #network: () => number;
  readonly #stories: readonly ItemStory[];
  readonly #limiter;
  readonly #held: HeldTimes;
  readonly #sampler: Sampler;
  #left: number;
  #steps = 0;

  constructor(settings: Settings, mostSteps: number) {
    this.#mostSteps = mostSteps;
    const [network, faults, others, jitter, coolDown] = [3, 4, 5, 6, 7].map((part) =>
      seededRandom(settings.seed * 8 + part),
    ) as [() => number, () => number, () => number, () => number, () => number];
    const clock = this.#clock;
    this.#settings = settings;
    this.#network = network;
    this.#server = new StrictServer(settings, faults);
    this.#limiter = createLimiter({ limits: limitsOf(settings), classify: this.#classify, clock, random: coolDown });
    this.#held = new HeldTimes(this.#limiter);
    const items = workload(settings);
    this.#sampler = new Sampler(this.#limiter, clock, idealMs(items, settings));
    this.#stories = items.map((item) => new ItemStory(item, this.#held));
    this.#left = this.#stories.length;
    new Others(settings, this.#server, clock, others).start();
    this.#arrive(jitter);
  }

  /** Goes on to the next instant at which something happens; false once all has ended. */
  step(): boolean {
    const nextMs = this.#clock.nextMs;
    if (this.#left === 0 || this.#steps >= this.#mostSteps || nextMs === Infinity) return false;
    this.#held.pass(nextMs - this.#clock.now());
    this.#sampler.passTo(nextMs);
    this.#clock.step();
    this.#steps++;
    this.#sampler.look();
    return true;
  }

  record(): RunRecord {
    const endedAtMs = this.#clock.now();
    return {
      items: this.#stories.map((story) => story.record(endedAtMs)),
      samples: this.#sampler.samples,
      limits: this.#limiter.snapshot().limits.map(({ name, kind }) => ({ name, kind })),
      server: { seen: this.#server.seen, busy: this.#server.busy },
      endedAtMs,
      steps: this.#steps,
    };
  }

  /** Lets the items come, each at its instant, and follows each to its end. */
  #arrive(random: () => number): void {
    const { fair, weightA, weightB, weightC, weightD, maxRetries, baseMs, capMs, jitter } = this.#settings;
    const weights = [weightA, weightB, weightC, weightD];
    const [clock, limiter, classify] = [this.#clock, this.#limiter, this.#classify];
    const permitted = concurrencyLimit((story: ItemStory) => this.#request(story), {
      limiter,
      ...(fair && { key: ({ item }) => item.user, weight: ({ item }) => weights[item.user] ?? 1 }),
    });
    const retried = retryWithJitter<never>({ maxRetries, baseMs, capMs, jitter, classify, clock, random });
    const follow = (story: ItemStory): void => {
      const queued = tap<ItemStory>(() => story.queued(clock.now(), limiter.waiting));
      const ended = (end: 'done' | 'given up'): void => {
        story.ended(end, clock.now());
        this.#left--;
      };
      const failed = (error: unknown): void => {
        if (!(error instanceof Refused)) throw error;
        ended('given up');
      };
      // Each try waits for a permit of its own.
      of(story)
        .pipe(queued, permitted, retried)
        .subscribe({ complete: () => ended('done'), error: failed });
    };
    const next = (index: number): void => {
      const story = this.#stories[index];
      if (story === undefined) return;
      clock.schedule(story.item.arrivesAtMs - clock.now(), () => {
        follow(story);
        next(index + 1);
      });
    };
    next(0);
  }

  /** One request: there, the work or a refusal, and back. */
  #request(story: ItemStory): Observable<never> {
    return new Observable((subscriber) => {
      const [clock, server] = [this.#clock, this.#server];
      story.sent(clock.now());
      clock.schedule(this.#latencyMs(), () => {
        const answer = server.receive(clock.now(), true);
        story.reached(clock.now());
        const isServed = answer.verdict === 'served';
        clock.schedule(isServed ? story.item.takesMs : 0, () => {
          if (isServed) server.end(clock.now());
          clock.schedule(this.#latencyMs(), () => {
            story.answered(clock.now(), answer);
            if (isServed) subscriber.complete();
            else subscriber.error(new Refused(answer));
          });
        });
      });
    });
  }

  readonly #classify = (error: unknown): Refusal => {
    if (!(error instanceof Refused)) return { meaning: 'invalid' };
    const { verdict, hintMs } = error.answer;
    if (!this.#settings.reads || verdict === 'served') return { meaning: 'transient' };
    return { meaning: meanings[verdict], ...(hintMs !== undefined && { hintMs }) };
  };

  #latencyMs(): number {
    const { latencyMinMs, latencyMaxMs } = this.#settings;
    return Math.round(latencyMinMs + (latencyMaxMs - latencyMinMs) * this.#network());
  }
}
