import type { Outcome } from '../../limits/limit.js';
import type { Cost } from '../../limiter/cost.js';
import type { Holding } from './holdings.js';
import { micros } from './plan.js';
import type { GateNews } from './sharedGate.js';

/** Something ended: its lease, when (on our clock), and how; `refund`: it never started. */
export interface EndNews {
  readonly id: number;
  readonly atMs: number;
  readonly outcome: Outcome | 'refund';
  /** What has ended; undefined where it never started. */
  readonly holding?: Holding | undefined;
}

/** Something started, where a limit counts from there: its lease, and when (on our clock). */
export interface StartNews {
  readonly id: number;
  readonly atMs: number;
}

/** What a new life begins with, where Redis had lost its data or had taken us for dead. */
export interface Memory {
  readonly leases: readonly (readonly [cost: Cost, key: string, ageUs: number, isSpent: boolean])[];
  readonly totals: readonly (readonly [limit: string, spent: number, date: string])[];
  readonly hasRunAlone: boolean;
  /** The life before: the number of the last letter that it read, and what of its leases was not made use of. */
  readonly former: readonly [process: string, read: number, unused: readonly number[]];
}

/** What has happened here since the last call. */
export class News {
  starts: StartNews[] = [];
  ends: EndNews[] = [];
  slots: (readonly [id: number, what: 'refused' | 'granted'])[] = [];
  readonly adjust: (readonly [limit: string, delta: number, key: string, date: string])[] = [];
  readonly gate: GateNews[] = [];

  get isEmpty(): boolean {
    return this.starts.length + this.ends.length + this.slots.length + this.adjust.length + this.gate.length === 0;
  }

  /** As the script is told at this instant: how long ago, in microseconds, and only what there is. */
  told(nowMs: number): object {
    const agoUs = (atMs: number): number => micros(Math.max(0, nowMs - atMs));
    const told = {
      starts: this.starts.map(({ id, atMs }) => [id, agoUs(atMs)]),
      ends: this.ends.map(({ id, atMs, outcome }) => [id, agoUs(atMs), outcome]),
      slots: this.slots,
      adjust: this.adjust,
      gate: this.gate,
    };
    return Object.fromEntries(Object.entries(told).filter(([, items]) => items.length > 0));
  }

  /** What is the same in another life: what had a lease has lost it. @returns what has started and ended, and what never has */
  forgetLeases(): { readonly ended: readonly Holding[]; readonly unused: readonly number[] } {
    const ended = this.ends.flatMap(({ holding, outcome }) => (outcome === 'refund' ? [] : (holding ?? [])));
    const unused = this.ends.filter(({ outcome }) => outcome === 'refund').map(({ id }) => id);
    this.starts = [];
    this.ends = [];
    this.slots = [];
    return { ended, unused };
  }

  /** What was to be told before, and was not. */
  putBack({ starts, ends, slots, adjust, gate }: News): void {
    this.starts.unshift(...starts);
    this.ends.unshift(...ends);
    this.slots.unshift(...slots);
    this.adjust.unshift(...adjust);
    this.gate.unshift(...gate);
  }
}
