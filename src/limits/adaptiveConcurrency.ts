import * as z from 'zod/mini';
import { nonEmpty, parseOptions, positiveCount, positiveMs } from '../options.js';
import { fits } from './fits.js';
import type { Limit, LimitFigures, Outcome, Usage } from './limit.js';
import { SlotHolders } from './slotHolders.js';

export interface AdaptiveConcurrencyOptions {
  /** The ceiling: the most units ever in flight, and the greatest cost. An integer of at least 1. */
  readonly max: number;
  /** The floor: what no decrease goes below, as long as so many do fit. An integer from 1 to `max`. @defaultValue 1 */
  readonly min?: number;
  /** The limit to begin with, from `min` to `max`: what you believe to have. @defaultValue min */
  readonly initial?: number;
  /** The share of what runs that a refusal leaves as the limit; more than 0, up to 1. @defaultValue 0.75 */
  readonly decrease?: number;
  /** How long it must stay quiet before one more piece of work is let in, in ms; more than an answer takes. @defaultValue 10000 */
  readonly probeAfterMs?: number;
  /**
   * The most that this wait grows to, in ms, where one level is refused again and again. Under `perKey` a key that has
   * been idle for so long begins with `initial` again.
   * @defaultValue 120000
   */
  readonly maxProbeAfterMs?: number;
  /** @defaultValue 'adaptive concurrency' */
  readonly name?: string;
}

const share = z.number().check(z.positive(), z.lte(1));

const schema = z
  .strictObject({
    max: positiveCount,
    min: z._default(positiveCount, 1),
    initial: z.optional(positiveCount),
    decrease: z._default(share, 0.75),
    probeAfterMs: z._default(positiveMs, 10_000),
    maxProbeAfterMs: z._default(positiveMs, 120_000),
    name: z._default(nonEmpty, 'adaptive concurrency'),
  })
  .check(
    z.refine(({ min, max }) => min <= max, { path: ['min'], error: 'must not be over max' }),
    z.refine(({ min, max, initial = min }) => min <= initial && initial <= max, {
      path: ['initial'],
      error: 'must be from min to max',
    }),
    z.refine(({ probeAfterMs, maxProbeAfterMs }) => probeAfterMs <= maxProbeAfterMs, {
      path: ['maxProbeAfterMs'],
      error: 'must not be under probeAfterMs',
    }),
  );

const changeSchema = z.partial(
  z.strictObject({
    max: positiveCount,
    min: positiveCount,
    initial: positiveCount,
    decrease: share,
    probeAfterMs: positiveMs,
    maxProbeAfterMs: positiveMs,
  }),
);

/**
 * Units in flight under a limit that nobody told: it is learnt from refusals (`no-slot`) alone, additive increase and
 * multiplicative decrease. Made for few slots that are each held for minutes, shared with others on the same account.
 *
 * - **Down, on a refusal**: what still runs is what fitted, so the limit falls to `decrease` of that, and climbs back to
 *   it one step each `probeAfterMs`. Refusals of work admitted before that fall belong to it: they only say more exactly
 *   what fits. The step below what fits is for others: limiters that share an account so converge to equal shares. What
 *   runs is never taken back; nothing new starts until there is room under the lowered limit.
 * - **Up, by probes**: only while work is held back by this very limit, one piece of work at a time, after quiet. A
 *   level that was refused is tried again after `probeAfterMs`, then after twice that, up to `maxProbeAfterMs`; once a
 *   probe holds, the next comes after `probeAfterMs` again.
 * - **Refused in its place** (`limiter.refusedSlot`): work that keeps its permit and tries again is a probe that goes on.
 *   It does not count as fitting, however often it is refused, and nothing rises until it has its slot or is released.
 * - **Told** (`update` with `initial`): a number that becomes known is the limit at once, from `min` to `max`.
 *
 * Why by time and not by completions: with three slots and renders of minutes, completions are few and late, while a
 * refusal is an answer: it comes within a second, or the probe has held. Such a refusal costs a request and no slot and no
 * money, an unused slot costs a render: so probe early, and less often what has just been refused. Latency tells nothing.
 *
 * With a slot known and yours alone, use `concurrency`.
 *
 * @throws OptionsError
 */
export function adaptiveConcurrency(options: AdaptiveConcurrencyOptions): Limit {
  const { initial, ...figures } = parseOptions(schema, options, 'adaptiveConcurrency');
  return new AdaptiveConcurrency(figures, initial ?? figures.min);
}

type Figures = Omit<z.output<typeof schema>, 'initial'>;

class AdaptiveConcurrency implements Limit {
  readonly name: string;
  readonly kind = 'slots';
  readonly #holders: SlotHolders;
  #figures: Figures;
  #limit: number;
  /** When the limit last moved or a refusal came: quiet counts from here. NaN until somebody was first held back. */
  #changedAtMs = NaN;
  #loweredAtMs = -Infinity;
  #endedAtMs = -Infinity;
  /** The level that was refused last, and how long to wait before it is tried again. */
  #refusedLevel = Infinity;
  #patienceMs: number;

  constructor(figures: Figures, limit: number, holders = new SlotHolders()) {
    this.name = figures.name;
    this.#figures = figures;
    this.#limit = limit;
    this.#patienceMs = figures.probeAfterMs;
    this.#holders = holders;
  }

  get capacity(): number {
    return this.#figures.max;
  }

  earliest(cost: number, nowMs: number): number {
    const wanted = this.#holders.units + cost;
    if (cost === 0 || fits(wanted, this.#limit)) return nowMs;
    if (!fits(wanted, this.capacity) || this.#holders.waiting > 0) return Infinity;
    if (Number.isNaN(this.#changedAtMs)) this.#changedAtMs = nowMs;
    if (this.#raisesAt(cost) <= nowMs) this.#raise(cost, nowMs);
    return fits(wanted, this.#limit) ? nowMs : this.#raisesAt(cost);
  }

  take(cost: number, nowMs: number): void {
    this.#holders.taken(cost, nowMs);
  }

  release(cost: number, takenAtMs: number, nowMs: number, outcome: Outcome): void {
    this.#endedAtMs = nowMs;
    const hasWaited = this.#holders.ended(cost, takenAtMs);
    if (hasWaited && outcome === 'succeeded') this.#held(this.#fitting() + cost);
    if (outcome === 'no-slot') this.#lower(cost, nowMs, !hasWaited && takenAtMs >= this.#loweredAtMs);
  }

  refund(cost: number, takenAtMs: number): void {
    this.#holders.ended(cost, takenAtMs);
  }

  refused(cost: number, takenAtMs: number, nowMs: number): void {
    if (cost === 0) return;
    const isFirst = this.#holders.refused(cost, takenAtMs);
    this.#lower(cost, nowMs, isFirst && takenAtMs >= this.#loweredAtMs);
  }

  granted(cost: number, takenAtMs: number): void {
    if (this.#holders.granted(cost, takenAtMs)) this.#held(this.#fitting());
  }

  usage(nowMs: number): Usage {
    const used = this.#holders.units;
    return { used, capacity: Math.max(this.#figures.min, this.#limit), resetsAtMs: used > 0 ? Infinity : nowMs };
  }

  /** What it has learnt is worth keeping for a while, from the end of the last work on: that may have run for long. */
  isAtRest(nowMs: number): boolean {
    const heededAtMs = Math.max(this.#changedAtMs, this.#endedAtMs);
    return this.#holders.units === 0 && !(nowMs < heededAtMs + this.#figures.maxProbeAfterMs);
  }

  update(change: unknown, nowMs = NaN): void {
    const where = `update of "${this.name}"`;
    const { initial, ...changed } = parseOptions(changeSchema, change, where);
    this.#figures = parseOptions(schema, { ...this.#figures, ...changed }, where);
    if (initial !== undefined) {
      this.#limit = Math.max(this.#figures.min, initial);
      this.#changedAtMs = nowMs;
    }
    this.#limit = Math.min(this.#limit, this.capacity);
  }

  copy(): AdaptiveConcurrency {
    const copy = new AdaptiveConcurrency(this.#figures, this.#limit, this.#holders.copy());
    copy.#changedAtMs = this.#changedAtMs;
    copy.#loweredAtMs = this.#loweredAtMs;
    copy.#endedAtMs = this.#endedAtMs;
    copy.#refusedLevel = this.#refusedLevel;
    copy.#patienceMs = this.#patienceMs;
    return copy;
  }

  describe(): LimitFigures {
    const { max, min, decrease, probeAfterMs, maxProbeAfterMs } = this.#figures;
    return {
      type: 'adaptiveConcurrency',
      max,
      min,
      initial: this.#limit,
      decrease,
      probeAfterMs,
      maxProbeAfterMs,
    };
  }

  /** The limit with one more piece of work. */
  #raised(cost: number): number {
    return Math.min(this.#limit, this.#holders.units) + cost;
  }

  #raisesAt(cost: number): number {
    const triesAgain = this.#limit < this.#refusedLevel && this.#raised(cost) >= this.#refusedLevel;
    return this.#changedAtMs + (triesAgain ? this.#patienceMs : this.#figures.probeAfterMs);
  }

  #raise(cost: number, nowMs: number): void {
    const hasHeld = this.#limit >= this.#refusedLevel;
    if (hasHeld) this.#refusedLevel = Infinity;
    this.#limit = this.#raised(cost);
    this.#changedAtMs = nowMs;
  }

  /** What runs, as far as it is known: all but what was refused and waits. */
  #fitting(): number {
    return this.#holders.units - this.#holders.waiting;
  }

  /** What was refused has got its slot, beside all that ran: the level that was refused has held, if it was no less. */
  #held(level: number): void {
    if (level >= this.#refusedLevel) this.#refusedLevel = Infinity;
  }

  /** @param isNew false for a refusal that belongs to the last fall */
  #lower(cost: number, nowMs: number, isNew: boolean): void {
    const { min, decrease, probeAfterMs, maxProbeAfterMs } = this.#figures;
    const fitting = this.#fitting();
    if (isNew) {
      const isAgain = fitting + cost >= this.#refusedLevel;
      this.#patienceMs = isAgain ? Math.min(this.#patienceMs * 2, maxProbeAfterMs) : probeAfterMs;
      this.#limit = Math.min(this.#limit, Math.max(min, Math.floor(fitting * decrease)));
      this.#loweredAtMs = nowMs;
    }
    // Where not even the floor fits, it falls to what does: the next one waits for quiet like any probe.
    this.#limit = Math.min(this.#limit, fitting);
    this.#refusedLevel = fitting + cost;
    this.#changedAtMs = nowMs;
  }
}
