import type { Item } from './workload.js';
import type { Level, Sighting, Verdict } from './server.js';

/** What happened in a run; plain data. All instants are in ms from its start. */
export interface RunRecord {
  readonly items: readonly ItemRecord[];
  readonly samples: readonly Sample[];
  /** What the samples are of, in their order. */
  readonly limits: readonly { readonly name: string; readonly kind: string }[];
  readonly server: { readonly seen: readonly Sighting[]; readonly busy: readonly Level[] };
  /** When the last one ended, or the run was stopped. */
  readonly endedAtMs: number;
  /** How many timers went off; a run of too many is stopped. */
  readonly steps: number;
}

export interface ItemRecord extends Item {
  readonly tries: readonly Try[];
  /** `stopped`: the run was, before it had ended. */
  readonly end: 'done' | 'given up' | 'stopped';
  readonly endedAtMs: number;
}

/** One request for an item. What has not happened before the run was stopped is Infinity. */
export interface Try {
  readonly queuedAtMs: number;
  /** How many waited before it came. */
  readonly waiting: number;
  readonly sentAtMs: number;
  readonly reachedAtMs: number;
  /** When its answer was here. */
  readonly answeredAtMs: number;
  readonly verdict: Verdict | undefined;
  readonly hintMs: number;
  /** For how long each limit held the queue while it waited, in ms, by name. */
  readonly heldMs: ReadonlyMap<string, number>;
}

/** How far the limits were used from `atMs` to the next sample, at the most. */
export interface Sample {
  readonly atMs: number;
  readonly waiting: number;
  readonly active: number;
  readonly used: readonly number[];
  readonly capacity: readonly number[];
}
