import type { Limit, Outcome } from '../limits/limit.js';
import type { Cost } from './waiter.js';

/** Who decides whether a piece of work may start: all of a limiter's limits at once, or none. */
export interface AdmissionStore {
  readonly limits: readonly Limit[];
  /** @throws CostOverCapacityError for a cost that could never pass */
  check(cost: Cost): void;
  /**
   * As `Limit.earliest`, over all limits; where that is `nowMs` or before, all of them have been taken. Where limits of
   * the key's own hold it back, the instant is theirs alone, and `heldBy` one of them: so long it is in nobody's way.
   */
  tryAdmit(cost: Cost, nowMs: number, key: unknown): number;
  /** The limit that said the latest at the last `tryAdmit`, where that was not admitted. */
  readonly heldBy: Limit | undefined;
  /** As `tryAdmit`, taking nothing. */
  earliest(cost: Cost, nowMs: number, key: unknown): number;
  release(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome, key: unknown): void;
  refund(cost: Cost, takenAtMs: number, key: unknown): void;
  observeWall(nowMs: number): void;
}
