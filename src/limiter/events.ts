import type { LimitKind } from '../limits/limit.js';
import type { Refusal } from '../refusal.js';
import type { Cost } from './cost.js';

/** How much of a limit is used. */
export interface LimitUsage {
  readonly name: string;
  readonly kind: LimitKind;
  readonly used: number;
  readonly capacity: number;
  /** `used` of `capacity`, in percent. */
  readonly percent: number;
  /** From when on nothing of it counts any more, on the limiter's clock; Infinity: not known, or never. */
  readonly resetsAtMs: number;
}

/** What a limiter is doing at one instant; plain data. */
export interface LimiterSnapshot {
  readonly active: number;
  readonly waiting: number;
  readonly limits: readonly LimitUsage[];
  /** How long the cool-down still keeps everybody out, in ms; 0 where there is none. */
  readonly coolDownMs: number;
}

/** Why a piece of work waits. */
export interface Explanation {
  /** How many of its own key go before it. */
  readonly place: number;
  /** How many go before it in all, as the turns stand now. */
  readonly ahead: number;
  /** The limit that would hold it back longest if it were its turn now, by name; undefined: only its turn. */
  readonly heldBy: string | undefined;
  /**
   * From now to its start, in ms, at the least; Infinity: not before something that runs has ended, or a limit changes.
   * What ends may bring it forward where a cool-down ramps up, and where slots are learnt.
   */
  readonly atLeastMs: number;
}

/** What happens in a limiter, told as it happens. `atMs` is on the limiter's clock. */
export type LimiterEvent =
  | { readonly type: 'waiting'; readonly atMs: number; readonly waiting: number; readonly cost: Cost }
  | { readonly type: 'admitted'; readonly atMs: number; readonly waiting: number; readonly cost: Cost }
  | { readonly type: 'dropped'; readonly atMs: number; readonly waiting: number; readonly cost: Cost }
  | { readonly type: 'refused'; readonly atMs: number; readonly refusal: Refusal }
  | { readonly type: 'cooled'; readonly atMs: number; readonly coolDownMs: number }
  | { readonly type: 'ramped'; readonly atMs: number; readonly round: number }
  /** Where the limits are shared: the store is out of reach, or it is back. */
  | { readonly type: 'store-lost'; readonly atMs: number; readonly error: unknown }
  | { readonly type: 'store-back'; readonly atMs: number }
  | { readonly type: 'warning'; readonly atMs: number; readonly usage: LimitUsage };
