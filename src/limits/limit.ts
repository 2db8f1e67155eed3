import { OptionsError } from '../errors.js';

/** How a piece of work ended, as its permit's holder tells: limits that learn (and the cool-down) listen to it. */
export type Outcome = 'succeeded' | 'failed' | 'too-fast' | 'no-slot' | 'unknown';

/** What a limit has used of what it allows. */
export interface Usage {
  readonly used: number;
  readonly capacity: number;
  /** The instant, on the clock of the decisions, from which nothing of today's use counts; Infinity: not known. */
  readonly resetsAtMs: number;
}

/** What a limit counts: starts over time, units at once, spending by the calendar; or it is a gate for everybody. */
export type LimitKind = 'rate' | 'slots' | 'quota' | 'gate';

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
  usage(nowMs: number): Usage;
  /**
   * Changes the figures that are named, by those of the limit's own options, from now on; what is in flight or counted
   * stays so. A lowered limit takes nothing back: nothing new passes until it fits again. @throws OptionsError
   */
  update?(change: unknown, nowMs?: number): void;
  /** An independent limit in the same state: `forecast` looks ahead with it. */
  copy?(): Limit;
  /** For limits that follow a calendar: the wall clock's reading at `nowMs`, told before each decision. */
  observeWall?(epochMs: number, nowMs: number): void;
}

/** @throws OptionsError for a limit that cannot be copied */
export function copyOf(limit: Limit): Limit {
  if (limit.copy === undefined)
    throw new OptionsError(`the limit "${limit.name}" has no copy(): give it one`, limit.name);
  return limit.copy();
}
