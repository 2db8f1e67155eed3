import type { Limiter } from '../../operators/index.js';
import type { Sample } from './record.js';
import type { SteppedClock } from './steppedClock.js';

/** As many as there are columns to draw; from twice as many on, two are made one. */
const enough = 600;

/** Looks at a limiter at even intervals, however long the run turns out to be, and keeps the greatest in each. */
export class Sampler {
  #everyMs: number;
  #samples: Sample[] = [];
  readonly #limiter: Limiter;
  readonly #clock: SteppedClock;

  /** @param expectedMs how long the run may take */
  constructor(limiter: Limiter, clock: SteppedClock, expectedMs: number) {
    this.#everyMs = Math.max(10, expectedMs / enough);
    this.#limiter = limiter;
    this.#clock = clock;
    this.#samples.push(this.#see());
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Lets the time go by until just before something happens, and looks at its even intervals. */
  passTo(atMs: number): void {
    for (let nextMs = this.#nextMs(); nextMs < atMs; nextMs = this.#nextMs()) {
      this.#clock.passTo(nextMs);
      this.#samples.push(this.#see());
      if (this.#samples.length >= 2 * enough) this.#halve();
    }
  }

  /** To be called whenever something has happened. */
  look(): void {
    const last = this.#samples.pop();
    const seen = this.#see();
    this.#samples.push(last === undefined ? seen : greatest(last, seen));
  }

  #nextMs(): number {
    return (this.#samples.at(-1)?.atMs ?? 0) + this.#everyMs;
  }

  #halve(): void {
    this.#everyMs *= 2;
    const pairs = this.#samples.filter((_, index) => index % 2 === 0);
    this.#samples = pairs.map((one, index) => greatest(one, this.#samples[2 * index + 1] ?? one));
  }

  #see(): Sample {
    const { waiting, active, limits } = this.#limiter.snapshot();
    const [used, capacity] = [limits.map((it) => it.used), limits.map((it) => it.capacity)];
    return { atMs: this.#clock.now(), waiting, active, used, capacity };
  }
}

/** From the first instant on; a capacity that is found, as it came out. */
function greatest(one: Sample, next: Sample): Sample {
  return {
    atMs: one.atMs,
    waiting: Math.max(one.waiting, next.waiting),
    active: Math.max(one.active, next.active),
    used: one.used.map((used, index) => Math.max(used, next.used[index] ?? 0)),
    capacity: next.capacity,
  };
}
