import * as z from 'zod/mini';
import { callback, durationMs } from '../options.js';
import { isPermanent, type Refusal } from '../refusal.js';
import { backoffDelay, readableHint, type Jitter } from './backoff.js';

export interface RetryScheduleOptions {
  /** How often to try again at the most: an integer of at least 0, or Infinity. @defaultValue 5 */
  readonly maxRetries?: number;
  /**
   * The wait before the first retry, in ms (at least 0), where the refusal brings no base of its own.
   * @defaultValue 1000
   */
  readonly baseMs?: number;
  /** The ceiling of the doubling, in ms (at least 0). @defaultValue 60000 */
  readonly capMs?: number;
  /** How a wait is drawn. @defaultValue 'proportional' */
  readonly jitter?: Jitter;
  /** A source of numbers in [0, 1). @defaultValue Math.random */
  readonly random?: () => number;
}

export const retryScheduleShape = {
  maxRetries: z._default(
    z.union([z.int().check(z.gte(0)), z.literal(Infinity)], { error: 'must be an integer of at least 0, or Infinity' }),
    5,
  ),
  baseMs: z._default(durationMs, 1_000),
  capMs: z._default(durationMs, 60_000),
  jitter: z._default(z.enum(['proportional', 'full', 'equal', 'decorrelated', 'none']), 'proportional'),
  random: z._default(callback<() => number>(), () => Math.random),
};

/**
 * The retries of one piece of work: after each refusal, how long to wait, or that it is time to give up.
 * Pure but for its own count. A `no-slot` refusal spends no attempt, though its waits grow all the same.
 */
export class RetrySchedule {
  readonly #options: Required<RetryScheduleOptions>;
  #spent = 0;
  #refusals = 0;
  #previousMs: number | undefined = undefined;

  constructor(options: Required<RetryScheduleOptions>) {
    this.#options = options;
  }

  /** The wait before the next try, in ms; undefined: do not try again. */
  next(refusal: Refusal): number | undefined {
    const { maxRetries, capMs, jitter, random } = this.#options;
    if (isPermanent(refusal)) return undefined;
    if (refusal.meaning !== 'no-slot' && this.#spent++ >= maxRetries) return undefined;
    const baseMs = readableHint(refusal.baseMs) ?? this.#options.baseMs;
    const { hintMs = 0 } = refusal;
    const previousMs = this.#previousMs ?? baseMs;
    this.#previousMs = backoffDelay({ attempt: this.#refusals++, baseMs, capMs, jitter, previousMs, hintMs, random });
    return this.#previousMs;
  }
}
