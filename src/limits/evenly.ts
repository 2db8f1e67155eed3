import * as z from 'zod/mini';
import { nonEmpty, parseOptions, positiveCount, positiveMs } from '../options.js';
import type { Limit, LimitFigures, Outcome, Usage } from './limit.js';
import { slidingWindow, type SlidingWindow } from './slidingWindow.js';

export interface EvenlyOptions {
  /** The most units that may start in any window of `intervalMs`. An integer of at least 1. */
  readonly limit: number;
  /** The length of the window, in ms; more than 0. Starts are `intervalMs / limit` apart, not rounded. */
  readonly intervalMs: number;
  /** Until when a unit counts in the window; see `slidingWindow`. @defaultValue 'end' */
  readonly countUntil?: 'end' | 'start';
  /** @defaultValue the figures, as in `30 per 60000 ms, evenly` */
  readonly name?: string;
}

const schema = z.strictObject({
  limit: positiveCount,
  intervalMs: positiveMs,
  countUntil: z.optional(z.enum(['end', 'start'])),
  name: z.optional(nonEmpty),
});

const changeSchema = z.partial(z.pick(schema, { limit: true, intervalMs: true }));

/** How late a timer may have woken a start for the next one to keep its place on the grid, in ms. */
const catchUpMs = 10;

/**
 * Starts spread evenly, `intervalMs / limit` apart, with no burst ever; a cost of n takes n places. Inside it is an
 * exact sliding window too, so late timers are made up for (at 300 a second a whole-millisecond wait would lose one
 * in six) without ever passing more than `limit` in a window.
 *
 * The spacing is that of a request queue which sleeps `60 / requestsPerMinute` seconds between two requests.
 *
 * @throws OptionsError
 */
export function evenly(options: EvenlyOptions): Limit {
  const { limit, intervalMs, countUntil = 'end', name } = parseOptions(schema, options, 'evenly');
  const window = slidingWindow({ limit, intervalMs, countUntil });
  return new Evenly(name ?? `${window.name}, evenly`, window, limit, intervalMs);
}

class Evenly implements Limit {
  readonly name: string;
  readonly kind = 'rate';
  readonly #window: SlidingWindow;
  #limit: number;
  #intervalMs: number;
  #lastMs = -Infinity;
  /** The spacing that it was given then. */
  #lastSpacingMs = 0;
  #nextMs = -Infinity;
  /** When the next start was due, where somebody waited for it: who comes a little later was late, not idle. */
  #promisedMs = NaN;

  constructor(name: string, window: SlidingWindow, limit: number, intervalMs: number) {
    this.name = name;
    this.#window = window;
    this.#limit = limit;
    this.#intervalMs = intervalMs;
  }

  get capacity(): number {
    return this.#window.capacity;
  }

  earliest(cost: number, nowMs: number): number {
    if (cost === 0) return nowMs;
    const atMs = Math.max(this.#nextMs, this.#window.earliest(cost, nowMs));
    if (atMs > nowMs) this.#promisedMs = atMs;
    return Math.max(atMs, nowMs);
  }

  take(cost: number, nowMs: number): void {
    this.#window.take(cost, nowMs);
    if (cost === 0) return;
    const lateMs = nowMs - this.#promisedMs;
    const wasLate = lateMs >= 0 && lateMs < catchUpMs;
    this.#lastMs = nowMs;
    this.#lastSpacingMs = this.#intervalMs / this.#limit;
    this.#nextMs = (wasLate ? this.#promisedMs : nowMs) + cost * this.#lastSpacingMs;
    // Where it is later than the spacing is long, the next one is due already.
    this.#promisedMs = this.#nextMs <= nowMs ? this.#nextMs : NaN;
  }

  release(cost: number, takenAtMs: number, nowMs: number, outcome: Outcome): void {
    this.#window.release(cost, takenAtMs, nowMs, outcome);
  }

  refund(cost: number, takenAtMs: number): void {
    this.#window.refund(cost, takenAtMs);
    // An earlier place cannot be given back: the start after it keeps its distance from its own neighbour.
    if (takenAtMs === this.#lastMs) this.#nextMs -= cost * this.#lastSpacingMs;
  }

  usage(nowMs: number): Usage {
    return this.#window.usage(nowMs);
  }

  /** The start that is due next keeps its place; those after it take the new distance. */
  update(change: unknown, nowMs?: number): void {
    const { limit, intervalMs } = parseOptions(changeSchema, change, `update of "${this.name}"`);
    this.#window.update({ limit, intervalMs }, nowMs);
    this.#limit = limit ?? this.#limit;
    this.#intervalMs = intervalMs ?? this.#intervalMs;
  }

  copy(): Evenly {
    const copy = new Evenly(this.name, this.#window.copy(), this.#limit, this.#intervalMs);
    copy.#lastMs = this.#lastMs;
    copy.#lastSpacingMs = this.#lastSpacingMs;
    copy.#nextMs = this.#nextMs;
    copy.#promisedMs = this.#promisedMs;
    return copy;
  }

  describe(): LimitFigures {
    return { ...this.#window.describe(), type: 'evenly' } as LimitFigures;
  }
}
