import * as z from 'zod/mini';
import { nonEmpty, parseOptions, positiveCount, positiveMs } from '../options.js';
import { excess } from './fits.js';
import { InFlight } from './inFlight.js';
import type { Limit, LimitFigures, Outcome, Usage } from './limit.js';
import { StampLog } from './stampLog.js';

export interface SlidingWindowOptions {
  /** The most units that may start in any window of `intervalMs`. An integer of at least 1. */
  readonly limit: number;
  /** The length of the window, in ms; more than 0. */
  readonly intervalMs: number;
  /**
   * The share of `limit` that is kept free, from 0 up to (not including) 1: at 0.2 only 80 % is used.
   * @defaultValue 0
   */
  readonly headroom?: number;
  /**
   * Until when a unit counts: `end`, one interval from the end of its work, so that a server never sees more than
   * `limit` wherever between sending and answering it counts; `start`, one interval from its dispatch, which is
   * faster by one latency a window. Where the end is not known (`rateLimit`) both are the dispatch.
   * @defaultValue 'end'
   */
  readonly countUntil?: 'end' | 'start';
  /** @defaultValue the figures, as in `30 per 60000 ms` */
  readonly name?: string;
}

const schema = z.strictObject({
  limit: positiveCount,
  intervalMs: positiveMs,
  headroom: z._default(z.number().check(z.gte(0), z.lt(1)), 0),
  countUntil: z._default(z.enum(['end', 'start']), 'end'),
  name: z.optional(nonEmpty),
});

const changeSchema = z.partial(z.pick(schema, { limit: true, intervalMs: true }));

/**
 * At most `limit` units in any half-open window of `intervalMs`: exact, by a log of stamps, and never later than that
 * needs: a unit passes at the very instant at which the one that stands in its way is `intervalMs` old.
 * A burst of `limit` may go at once; to space the starts, use `evenly`.
 *
 * Memory: one entry an instant within the window, 16 bytes each.
 *
 * @throws OptionsError
 */
export function slidingWindow(options: SlidingWindowOptions): SlidingWindow {
  const { name, ...figures } = parseOptions(schema, options, 'slidingWindow');
  return new SlidingWindow(name ?? `${figures.limit} per ${figures.intervalMs} ms`, figures);
}

type Figures = Omit<z.output<typeof schema>, 'name'>;

export class SlidingWindow implements Limit {
  readonly name: string;
  readonly kind = 'rate';
  capacity: number;
  #limit: number;
  #intervalMs: number;
  readonly #headroom: number;
  readonly #countsToEnd: boolean;
  readonly #log: StampLog;
  readonly #inFlight: InFlight;

  constructor(name: string, figures: Figures, log = new StampLog(), inFlight = new InFlight()) {
    this.name = name;
    this.#limit = figures.limit;
    this.#intervalMs = figures.intervalMs;
    this.#headroom = figures.headroom;
    this.#countsToEnd = figures.countUntil === 'end';
    this.capacity = this.#usable();
    this.#log = log;
    this.#inFlight = inFlight;
  }

  earliest(cost: number, nowMs: number): number {
    this.#forget(nowMs);
    const overUnits = excess(this.#inFlight.units + this.#log.total + cost, this.capacity);
    if (overUnits <= 0) return nowMs;
    const stampMs = this.#log.stampOf(overUnits);
    if (!Number.isNaN(stampMs)) return this.#leavesAt(stampMs);
    // Sums of fractions drift: while nothing runs, there is room for sure once all of them have left.
    const isToLeave = this.#inFlight.units === 0 && !this.#log.isEmpty && cost <= this.capacity;
    return isToLeave ? this.#leavesAt(this.#log.newestMs) : Infinity;
  }

  take(cost: number, nowMs: number): void {
    if (this.#countsToEnd) this.#inFlight.start(cost);
    else this.#log.push(nowMs, cost);
  }

  release(cost: number, _takenAtMs: number, nowMs: number, _outcome: Outcome): void {
    if (!this.#countsToEnd) return;
    this.#inFlight.end(cost);
    this.#log.push(nowMs, cost);
  }

  refund(cost: number, takenAtMs: number): void {
    if (this.#countsToEnd) this.#inFlight.end(cost);
    else this.#log.remove(takenAtMs, cost);
  }

  usage(nowMs: number): Usage {
    this.#forget(nowMs);
    const inFlight = this.#inFlight.units;
    const resetsAtMs = inFlight > 0 ? Infinity : this.#log.isEmpty ? nowMs : this.#leavesAt(this.#log.newestMs);
    return { used: inFlight + this.#log.total, capacity: this.#limit, resetsAtMs };
  }

  /** A longer window is exact from one such window on: what the shorter one had let go is not counted again. */
  update(change: unknown, nowMs = NaN): void {
    const { limit, intervalMs } = parseOptions(changeSchema, change, `update of "${this.name}"`);
    this.#forget(nowMs);
    this.#limit = limit ?? this.#limit;
    this.#intervalMs = intervalMs ?? this.#intervalMs;
    this.capacity = this.#usable();
  }

  copy(): SlidingWindow {
    const countUntil = this.#countsToEnd ? 'end' : 'start';
    const figures = { limit: this.#limit, intervalMs: this.#intervalMs, headroom: this.#headroom, countUntil } as const;
    return new SlidingWindow(this.name, figures, this.#log.copy(), this.#inFlight.copy());
  }

  describe(): LimitFigures {
    const countUntil = this.#countsToEnd ? 'end' : 'start';
    return { type: 'slidingWindow', limit: this.capacity, intervalMs: this.#intervalMs, countUntil };
  }

  /** One at least; 0.8 of 10 is 8, also where it comes out as 7.999... */
  #usable(): number {
    return Math.max(1, Math.floor(this.#limit * (1 - this.#headroom) + 1e-9));
  }

  #forget(nowMs: number): void {
    while (!this.#log.isEmpty && this.#leavesAt(this.#log.oldestMs) <= nowMs) this.#log.dropOldest();
  }

  /** The first instant that is `intervalMs` after the stamp even when the two are subtracted again in floating point. */
  #leavesAt(stampMs: number): number {
    const atMs = stampMs + this.#intervalMs;
    return atMs - stampMs < this.#intervalMs ? atMs + Math.abs(atMs) * Number.EPSILON : atMs;
  }
}
