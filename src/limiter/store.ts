import type { Clock } from '../clock.js';
import type { Limit, Outcome } from '../limits/limit.js';
import type { CoolDownSettings, Gate } from './coolDown.js';
import type { Cost } from './cost.js';
import type { LimiterEvent } from './events.js';
import type { Waiter } from './waiter.js';

/** Who decides whether a piece of work may start: all of a limiter's limits at once, or none. */
export interface AdmissionStore {
  readonly limits: readonly Limit[];
  /** @throws CostOverCapacityError for a cost that could never pass, OptionsError for a key that others could not know again */
  check(cost: Cost, key?: unknown): void;
  /**
   * As `Limit.earliest`, over all limits; where that is `nowMs` or before, all of them have been taken. Where limits of
   * the key's own hold it back, the instant is theirs alone, and `heldBy` one of them: so long it is in nobody's way.
   */
  tryAdmit(cost: Cost, nowMs: number, key: unknown): number;
  /** The limit that said the latest at the last `tryAdmit`, where that was not admitted. */
  readonly heldBy: Limit | undefined;
  release(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome, key: unknown): void;
  refund(cost: Cost, takenAtMs: number, key: unknown): void;
  observeWall(nowMs: number): void;
  /** For stores that decide elsewhere: whose queue they are asked for. */
  serve?(applicants: Applicants): void;
  /** Somebody has come to wait. */
  arrived?(waiter: Waiter): void;
  /** Somebody who waited has given up. */
  left?(): void;
}

/** A limiter's queue, as a store sees it that answers later: what has been decided is there at the next `tryAdmit`. */
export interface Applicants {
  readonly waiting: number;
  inOrder(): Iterable<Waiter>;
  /** Asks `tryAdmit` again for who waits, of these keys. */
  admit(keys: Iterable<unknown>): void;
  /** Gives up one who waits, with this error. */
  drop(waiter: Waiter, error: Error): void;
  /** Gives up those who can never pass any more: limits have changed. */
  dropImpossible(): void;
  tell(event: LimiterEvent): void;
}

/** Where limits are kept that several processes share; `redisStore` makes one. */
export interface LimiterStore {
  /** For one limiter, once. @throws OptionsError for a limit that cannot be shared */
  open(setup: StoreSetup): { readonly store: AdmissionStore; readonly coolDown: Gate };
}

export interface StoreSetup {
  readonly limits: readonly Limit[];
  readonly coolDown: CoolDownSettings;
  readonly clock: Clock;
  readonly random: () => number;
}
