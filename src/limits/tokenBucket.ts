import * as z from 'zod/mini';
import { amount, nonEmpty, parseOptions, positive, positiveCount, positiveMs } from '../options.js';
import { firstInstantAfter } from './firstInstantAfter.js';
import type { Limit, LimitFigures, Usage } from './limit.js';

export interface TokenBucketOptions {
  /** The most tokens that the bucket holds: the greatest burst, and the greatest cost. An integer of at least 1. */
  readonly capacity: number;
  /** How many tokens come in every `intervalMs`, evenly; more than 0, fractions too. */
  readonly refill: number;
  /** In ms; more than 0. */
  readonly intervalMs: number;
  /** How many tokens it holds when it is first asked, from 0 to `capacity`. @defaultValue capacity */
  readonly initial?: number;
  /** @defaultValue the figures, as in `10 per 1000 ms, bucket of 100` */
  readonly name?: string;
}

const figures = { capacity: positiveCount, refill: positive, intervalMs: positiveMs };

const schema = z.strictObject({ ...figures, initial: z.optional(amount), name: z.optional(nonEmpty) }).check(
  z.refine(({ capacity, initial = 0 }) => initial <= capacity, {
    path: ['initial'],
    error: 'must not be over the capacity',
  }),
);

const changeSchema = z.partial(z.strictObject(figures));

/**
 * A token bucket, for an API that is one: work of cost n passes as soon as the bucket holds n tokens, and takes them.
 * Between any two instants at most `capacity + refill * (b - a) / intervalMs` is spent, counted exactly: nothing adds up,
 * whatever the number of takes and years, and no wait is longer than it must be.
 *
 * That is **not** "`capacity` in any window": a full bucket of N lets N pass at once and then all that comes in, up to
 * 2N - 1 within the time in which N come in. Where a server counts windows, take `slidingWindow`; where starts are to be
 * spread, `evenly`.
 *
 * What is spent stays spent when its work ends. A refund gives back what was spent last; something spent since then
 * keeps it from being certain that the bucket would not have run over, so an earlier one comes back by the refill alone.
 *
 * @throws OptionsError
 */
export function tokenBucket(options: TokenBucketOptions): Limit {
  const { capacity, refill, intervalMs, initial, name } = parseOptions(schema, options, 'tokenBucket');
  const defaultName = `${refill} per ${intervalMs} ms, bucket of ${capacity}`;
  return new TokenBucket(name ?? defaultName, capacity, refill, intervalMs, capacity - (initial ?? capacity));
}

/** The share of an instant by which a comparison in floating point may be wrong, with room to spare. */
const doubt = 2 ** -50;

class TokenBucket implements Limit {
  readonly name: string;
  readonly kind = 'rate';
  capacity: number;
  /** Whether a new one is full. */
  readonly #beginsFull: boolean;
  #refill: number;
  #intervalMs: number;
  /** The bucket was full at this instant, and has not been since: what it holds is all that came in, less `#taken`. */
  #fullAtMs = NaN;
  #taken: number;
  #lastTakeMs = NaN;
  #lastAskedMs = NaN;

  constructor(
    name: string,
    capacity: number,
    refill: number,
    intervalMs: number,
    taken: number,
    beginsFull = taken === 0,
  ) {
    this.name = name;
    this.capacity = capacity;
    this.#beginsFull = beginsFull;
    this.#refill = refill;
    this.#intervalMs = intervalMs;
    this.#taken = taken;
  }

  earliest(cost: number, nowMs: number): number {
    if (cost > this.capacity) return Infinity;
    this.#asked(nowMs);
    const missing = this.#taken + cost - this.capacity;
    return this.#hasComeIn(missing, nowMs) ? nowMs : this.#comesInAt(missing);
  }

  take(cost: number, nowMs: number): void {
    if (cost === 0) return;
    this.#asked(nowMs);
    this.#settle(nowMs);
    this.#taken += cost;
    this.#lastTakeMs = nowMs;
  }

  release(): void {}

  refund(cost: number, takenAtMs: number): void {
    if (takenAtMs === this.#lastTakeMs) this.#taken -= cost;
  }

  usage(nowMs: number): Usage {
    // To look is no question: the clock would be set by it.
    if (Number.isNaN(this.#fullAtMs)) return this.#askedAt(nowMs).usage(nowMs);
    this.#lastAskedMs = nowMs;
    if (this.#hasComeIn(this.#taken, nowMs)) return { used: 0, capacity: this.capacity, resetsAtMs: nowMs };
    const cameIn = ((nowMs - this.#fullAtMs) * this.#refill) / this.#intervalMs;
    const used = Math.min(this.capacity, Math.max(0, this.#taken - cameIn));
    return { used, capacity: this.capacity, resetsAtMs: this.#comesInAt(this.#taken) };
  }

  /** One that began with less holds more than a new one would, for good. */
  isAtRest(nowMs: number): boolean {
    return this.#beginsFull && this.#hasComeIn(this.#taken, nowMs);
  }

  /**
   * What the bucket holds at `nowMs` it keeps, as far as there is room for it; from then on it fills at the new rate.
   *
   * @param nowMs the instant of the last question where it is not given
   */
  update(change: unknown, nowMs = this.#lastAskedMs): void {
    const {
      capacity = this.capacity,
      refill = this.#refill,
      intervalMs = this.#intervalMs,
    } = parseOptions(changeSchema, change, `update of "${this.name}"`);
    this.#settle(nowMs);
    // As if it had filled at the new rate all along, from an instant that makes it hold the same now.
    const ratio = (this.#refill * intervalMs) / (this.#intervalMs * refill);
    this.#fullAtMs += (nowMs - this.#fullAtMs) * (1 - ratio);
    // One that was changed before there was any instant is as if it had been made so: a full one is full.
    if (this.#taken > 0 || !Number.isNaN(nowMs)) this.#taken += capacity - this.capacity;
    this.capacity = capacity;
    this.#refill = refill;
    this.#intervalMs = intervalMs;
  }

  copy(): TokenBucket {
    const { name, capacity } = this;
    const copy = new TokenBucket(name, capacity, this.#refill, this.#intervalMs, this.#taken, this.#beginsFull);
    copy.#fullAtMs = this.#fullAtMs;
    copy.#lastTakeMs = this.#lastTakeMs;
    copy.#lastAskedMs = this.#lastAskedMs;
    return copy;
  }

  describe(): LimitFigures {
    const { capacity } = this;
    return {
      type: 'tokenBucket',
      capacity,
      refill: this.#refill,
      intervalMs: this.#intervalMs,
      missing: this.#taken,
    };
  }

  /** The first question sets the clock. */
  #asked(nowMs: number): void {
    if (Number.isNaN(this.#fullAtMs)) this.#fullAtMs = nowMs;
    this.#lastAskedMs = nowMs;
  }

  /** A copy that was first asked then. */
  #askedAt(nowMs: number): TokenBucket {
    const copy = this.copy();
    copy.#asked(nowMs);
    return copy;
  }

  /** What comes in while it is full is lost. */
  #settle(nowMs: number): void {
    if (!this.#hasComeIn(this.#taken, nowMs)) return;
    this.#fullAtMs = nowMs;
    this.#taken = 0;
  }

  /** True where `tokens` have come in since the bucket was full: almost always plain to see, and else computed exactly. */
  #hasComeIn(tokens: number, nowMs: number): boolean {
    if (tokens <= 0) return true;
    const overMs = nowMs - (this.#fullAtMs + (tokens * this.#intervalMs) / this.#refill);
    const doubtMs = (Math.abs(this.#fullAtMs) + Math.abs(nowMs)) * doubt;
    return Math.abs(overMs) > doubtMs ? overMs > 0 : nowMs >= this.#comesInAt(tokens);
  }

  #comesInAt(tokens: number): number {
    return firstInstantAfter(this.#fullAtMs, tokens, this.#intervalMs, this.#refill);
  }
}
