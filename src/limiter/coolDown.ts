import * as z from 'zod/mini';
import { backoffDelay, readableHint, uniform } from '../backoff/backoff.js';
import { durationMs, positiveCount, positiveMs } from '../options.js';
import type { Limit, Outcome, Usage } from '../limits/limit.js';
import type { Refusal } from '../refusal.js';

export interface CoolDownOptions {
  /**
   * The backoff after a refusal without a hint: its base, in ms (at least 0); doubled at each refusal in a row.
   * @defaultValue 1000
   */
  readonly baseMs?: number;
  /** The ceiling of that backoff, in ms (at least 0). @defaultValue 60000 */
  readonly capMs?: number;
  /** From this many refusals in a row on, they are a burst; an integer of at least 1. @defaultValue 5 */
  readonly burstAfter?: number;
  /** The least that a burst cools for, in ms (at least 0). @defaultValue 30000 */
  readonly burstMinMs?: number;
  /** The most that a burst cools for, in ms (at least `burstMinMs`), unless a hint says more. @defaultValue 60000 */
  readonly burstMaxMs?: number;
  /**
   * How long a round of the ramp lasts at the most, in ms (over 0), where nobody tells how its work ended.
   * @defaultValue 1000
   */
  readonly rampStepMs?: number;
}

export const coolDownSchema = z
  .strictObject({
    baseMs: z._default(durationMs, 1_000),
    capMs: z._default(durationMs, 60_000),
    burstAfter: z._default(positiveCount, 5),
    burstMinMs: z._default(durationMs, 30_000),
    burstMaxMs: z._default(durationMs, 60_000),
    rampStepMs: z._default(positiveMs, 1_000),
  })
  .check(
    z.refine(({ burstMinMs, burstMaxMs }) => burstMinMs <= burstMaxMs, {
      path: ['burstMaxMs'],
      error: 'must not be under burstMinMs: give both',
    }),
  );

/** The options, with their defaults. */
export type CoolDownSettings = z.output<typeof coolDownSchema>;

/** What follows a refusal: nobody starts until an instant, and then they do little by little. */
export interface Gate {
  /** How many the ramp lets in at once now; Infinity: there is none. */
  readonly round: number;
  /** The instant until which nobody enters, or undefined. */
  closedUntil(nowMs: number): number | undefined;
  /** Keeps everybody out for `delayMs` at least; with a ramp behind it, or none but what is under way. */
  close(delayMs: number, nowMs: number, ramp?: boolean): void;
  /** Takes note of a refusal, and closes for as long as the hint, the backoff or a burst asks. */
  refuse(refusal: Refusal, nowMs: number): void;
}

/** How long a refusal closes for, by how many there were in a row with it; its hint is told apart. */
export function refusalMs(
  options: CoolDownSettings,
  refusal: Refusal,
  refusalsInARow: number,
  random: () => number,
): number {
  const { burstAfter, burstMinMs, burstMaxMs, capMs } = options;
  if (refusalsInARow >= burstAfter) return uniform(burstMinMs, burstMaxMs, random);
  if (readableHint(refusal.hintMs) !== undefined) return 0;
  const baseMs = readableHint(refusal.baseMs) ?? options.baseMs;
  return backoffDelay({ attempt: refusalsInARow - 1, baseMs, capMs, random });
}

/** The round of the ramp after which everybody may enter again. */
const lastRound = 256;

/**
 * What a limiter does after a refusal, as one more of its limits: closed until an instant; then one probe; then rounds
 * of 2, 4, 8 ... A round passes when all that it let in has ended well, or after `rampStepMs`. A new refusal starts over.
 *
 * Refusals that arrive while it is closed belong to the same event: they can only lengthen the wait by their hint.
 */
export class CoolDown implements Limit, Gate {
  readonly name = 'cool-down';
  readonly kind = 'gate';
  readonly capacity = Infinity;
  readonly #options: CoolDownSettings;
  readonly #random: () => number;
  #openAtMs = -Infinity;
  /** How many the current round lets in; Infinity: no cool-down. */
  #round = Infinity;
  #roundAtMs = 0;
  #entered = 0;
  #endedWell = 0;
  #refusalsInARow = 0;

  constructor(options: CoolDownSettings, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  get round(): number {
    return this.#round;
  }

  closedUntil(nowMs: number): number | undefined {
    return nowMs < this.#openAtMs ? this.#openAtMs : undefined;
  }

  close(delayMs: number, nowMs: number, ramp = true): void {
    this.#openAtMs = Math.max(this.#openAtMs, nowMs + delayMs);
    if (ramp || this.#round !== Infinity) this.#startRound(1, this.#openAtMs);
  }

  refuse(refusal: Refusal, nowMs: number): void {
    const hintMs = readableHint(refusal.hintMs) ?? 0;
    const isNew = nowMs >= this.#openAtMs;
    if (isNew) this.#refusalsInARow++;
    const backoffMs = isNew ? refusalMs(this.#options, refusal, this.#refusalsInARow, this.#random) : 0;
    this.close(Math.max(hintMs, backoffMs), nowMs);
  }

  earliest(_cost: number, nowMs: number): number {
    if (nowMs < this.#openAtMs) return this.#openAtMs;
    if (this.#entered < this.#round) return nowMs;
    return Math.max(nowMs, this.#roundAtMs + this.#options.rampStepMs);
  }

  /** Only who enters takes a round further: whoever merely looks, or is held by another limit, changes nothing. */
  take(_cost: number, nowMs: number): void {
    if (this.#round === Infinity) return;
    if (this.#entered >= this.#round) this.#startRound(this.#round * 2, nowMs);
    if (this.#entered++ === 0) this.#roundAtMs = nowMs;
  }

  release(_cost: number, takenAtMs: number, nowMs: number, outcome: Outcome): void {
    if (outcome !== 'succeeded' || takenAtMs < this.#openAtMs) return;
    this.#refusalsInARow = 0;
    if (this.#round === Infinity || takenAtMs < this.#roundAtMs) return;
    if (++this.#endedWell >= this.#round) this.#startRound(this.#round * 2, nowMs);
  }

  refund(_cost: number, takenAtMs: number): void {
    if (takenAtMs >= this.#roundAtMs) this.#entered = Math.max(0, this.#entered - 1);
  }

  usage(nowMs: number): Usage {
    return { used: this.closedUntil(nowMs) === undefined ? 0 : 1, capacity: 1, resetsAtMs: this.#openAtMs };
  }

  copy(): CoolDown {
    const copy = new CoolDown(this.#options, this.#random);
    copy.#openAtMs = this.#openAtMs;
    copy.#round = this.#round;
    copy.#roundAtMs = this.#roundAtMs;
    copy.#entered = this.#entered;
    copy.#endedWell = this.#endedWell;
    copy.#refusalsInARow = this.#refusalsInARow;
    return copy;
  }

  #startRound(round: number, atMs: number): void {
    this.#round = round > lastRound ? Infinity : round;
    this.#roundAtMs = atMs;
    this.#entered = 0;
    this.#endedWell = 0;
  }
}
