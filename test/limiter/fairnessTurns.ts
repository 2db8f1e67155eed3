import type { AcquireOptions } from '../../src/limiter/acquisition.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { placeOf } from '../../src/limiter/place.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { VirtualClock } from '../virtualClock.js';

/** Somebody in a queue without a limiter. */
export class Waiting extends Waiter {
  admitted(): void {}

  dropped(): void {}
}

/** Work that goes by the name of its key. */
export class Turn extends Waiter {
  readonly name: string;
  readonly #turns: Turns;
  #startMs = NaN;

  constructor(name: string, turns: Turns, { cost = 1, ...place }: AcquireOptions) {
    super(cost, placeOf({ key: name, ...place }));
    this.name = name;
    this.#turns = turns;
  }

  get isRunning(): boolean {
    return !Number.isNaN(this.#startMs);
  }

  admitted(atMs: number): void {
    this.#startMs = atMs;
    this.#turns.started(this);
  }

  dropped(): void {
    this.#turns.dropped += this.name;
  }

  end(): void {
    this.#turns.limiter.release(this.cost, this.#startMs, 'succeeded', this.place.key);
    this.#turns.limiter.admitWaiting();
  }
}

/** A limiter whose turns are watched: who starts, in which order. One slot, where no limits are given. */
export class Turns {
  readonly clock = new VirtualClock();
  readonly limiter: Limiter;
  /** The keys in the order of their starts. */
  order = '';
  dropped = '';
  readonly #running: Turn[] = [];
  readonly #onStart: (turn: Turn) => void;

  constructor(options: Partial<LimiterOptions> = {}, onStart: (turn: Turn) => void = () => undefined) {
    this.limiter = createLimiter({ limits: [concurrency({ limit: 1 })], clock: this.clock, ...options });
    this.#onStart = onStart;
  }

  /** One more of `name`. */
  enter(name: string, options: AcquireOptions = {}): Turn {
    const turn = new Turn(name, this, options);
    this.limiter.enter(turn);
    return turn;
  }

  /** So many more of `name`. */
  fill(name: string, count: number, options: AcquireOptions = {}): Turn[] {
    return Array.from({ length: count }, () => this.enter(name, options));
  }

  started(turn: Turn): void {
    this.order += turn.name;
    this.#running.push(turn);
    this.#onStart(turn);
  }

  /** Ends the longest running, so that others get their turns; so many times, or until nobody runs. */
  serve(count = Infinity): string {
    for (let served = 0; served < count && this.#running.length > 0; served++) this.#running.shift()?.end();
    return this.order;
  }
}
