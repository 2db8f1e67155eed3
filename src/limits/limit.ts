import { OptionsError } from '../errors.js';

/** How a piece of work ended, as its permit's holder tells: limits that learn (and the cool-down) listen to it. */
export type Outcome = 'succeeded' | 'failed' | 'too-fast' | 'no-slot' | 'unknown';

/** What a limit has used of what it allows. */
export interface Usage {
  readonly used: number;
  readonly capacity: number;
  /** The instant, on the clock of the decisions, from which nothing of today's use counts; Infinity: not known, or never. */
  readonly resetsAtMs: number;
}

/** What a limit counts: starts over time, units at once, spending by the calendar; or it is a gate for everybody. */
export type LimitKind = 'rate' | 'slots' | 'quota' | 'gate';

/** What a limit is, as plain data and without its state; all durations in ms. */
export type LimitFigures =
  | {
      readonly type: 'slidingWindow' | 'evenly';
      /** What may be used in a window: the limit less its headroom. */
      readonly limit: number;
      readonly intervalMs: number;
      readonly countUntil: 'end' | 'start';
    }
  | {
      readonly type: 'tokenBucket';
      readonly capacity: number;
      readonly refill: number;
      readonly intervalMs: number;
      /** What is missing from a full bucket at first. */
      readonly missing: number;
    }
  | { readonly type: 'concurrency'; readonly limit: number }
  | {
      readonly type: 'adaptiveConcurrency';
      readonly max: number;
      readonly min: number;
      /** The limit as it is now. */
      readonly initial: number;
      readonly decrease: number;
      readonly probeAfterMs: number;
      readonly maxProbeAfterMs: number;
    }
  | { readonly type: 'dailyQuota'; readonly limit: number; readonly timeZone: string }
  | { readonly type: 'budget'; readonly limit: number; readonly whenSpent: 'refuse' | 'wait' };

/**
 * A budget: pure and synchronous. It never waits and reads no clock: `nowMs` is always an argument, in monotonic
 * milliseconds, and never goes back from one call to the next.
 *
 * `key` says whose work it is; only limits that are keyed look at it.
 * `take` must follow an `earliest` that said "now"; each `take` is ended by one `release` or one `refund`.
 */
export interface Limit {
  /** Unique within a limiter; costs, usage and explanations go by it. */
  readonly name: string;
  readonly kind: LimitKind;
  /** True where each key has a budget of its own: what holds one key back holds no other. */
  readonly isKeyed?: true;
  /** The greatest cost that can ever pass; anything over it is refused at once. */
  readonly capacity: number;
  /** When `cost` could pass: `nowMs` or before means at once; a later instant; Infinity: not before a release. */
  earliest(cost: number, nowMs: number, key?: unknown): number;
  take(cost: number, nowMs: number, key?: unknown): void;
  /** The work has ended. */
  release(cost: number, takenAtMs: number, nowMs: number, outcome: Outcome, key?: unknown): void;
  /** The work never started: as if it had not been taken. */
  refund(cost: number, takenAtMs: number, key?: unknown): void;
  /**
   * For quotas, whose spending outlives the work: what was taken at `takenAtMs` has turned out to cost `delta` more, or,
   * negative, less; never less than nothing in all. It may go over the capacity: then nothing that costs passes until
   * there is room again. May come before or after the release, and for spending that this limit has not seen itself.
   */
  adjust?(delta: number, takenAtMs: number, nowMs: number, key?: unknown): void;
  /**
   * For limits that learn: work in flight, taken at `takenAtMs`, was refused a slot by the server and will try again
   * without giving its place back. It waits from here on, until `granted`, `release` or `refund`; refused once more, it
   * waits on.
   */
  refused?(cost: number, takenAtMs: number, nowMs: number, key?: unknown): void;
  /** Work that was `refused` has its slot now. Not to be told is no harm but a delay: its release tells as much. */
  granted?(cost: number, takenAtMs: number, nowMs: number, key?: unknown): void;
  /**
   * For budgets that nothing fills up again: what is left. Where such a limit says Infinity while nothing runs (of the
   * key, where `runs` tells), that is for good: the waiter is given up with BudgetSpentError, which tells what was left.
   */
  left?(key?: unknown): number;
  usage(nowMs: number): Usage;
  /** Where each key has a budget of its own: the key of each piece of work that has started and not ended. */
  running?(): Iterable<unknown>;
  /** Where each key has a budget of its own: whether any work of `key` has started and not ended. */
  runs?(key: unknown): boolean;
  /** Where each key has a budget of its own: the greatest cost that can ever pass for `key`. @defaultValue `capacity` */
  capacityOf?(key: unknown): number;
  /** Where each key has a budget of its own: what `key` has used. @defaultValue `usage` */
  usageOf?(key: unknown, nowMs: number): Usage;
  /**
   * For limits that remember more than what is used: true once a new one would do as well, so that `perKey` may forget it.
   * @defaultValue true while nothing is used
   */
  isAtRest?(nowMs: number): boolean;
  /**
   * Changes the figures that are named, by those of the limit's own options, from now on; what is in flight or counted
   * stays so. A lowered limit takes nothing back: nothing new passes until it fits again. @throws OptionsError
   */
  update?(change: unknown, nowMs?: number): void;
  /** An independent limit in the same state: `forecast` looks ahead with it, and `explain` asks it. */
  copy?(): Limit;
  /** Its figures, for a store that keeps the limit for several processes; of `key`, where each has its own. */
  describe?(key?: unknown): LimitFigures;
  /** For limits that follow a calendar: the wall clock's reading at `nowMs`, told before each decision. */
  observeWall?(epochMs: number, nowMs: number): void;
}

/** @throws OptionsError for a limit that cannot be copied */
export function copyOf(limit: Limit): Limit {
  if (limit.copy === undefined)
    throw new OptionsError(`the limit "${limit.name}" has no copy(): give it one`, limit.name);
  return limit.copy();
}
