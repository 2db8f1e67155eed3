import type { Limit } from '../limits/limit.js';
import type { Announcer } from './announcer.js';
import type { Gate } from './coolDown.js';
import type { Cost } from './cost.js';
import { UsageAlarm, usageOf } from './usage.js';
import type { Waiter } from './waiter.js';

export interface AdmissionReportsParts {
  readonly announcer: Announcer;
  readonly queue: { readonly size: number };
  readonly limits: readonly Limit[];
  readonly coolDown: Gate;
  /** From which share of a capacity on to warn, from 0 to 1. */
  readonly warnAt: number;
}

/** What listeners are told of a queue and of those whom it admits; where nobody listens, it costs a comparison. */
export class AdmissionReports {
  readonly #announcer: Announcer;
  readonly #queue: { readonly size: number };
  readonly #limits: readonly Limit[];
  readonly #coolDown: Gate;
  readonly #alarm: UsageAlarm;
  #round = Infinity;

  constructor({ announcer, queue, limits, coolDown, warnAt }: AdmissionReportsParts) {
    this.#announcer = announcer;
    this.#queue = queue;
    this.#limits = limits;
    this.#coolDown = coolDown;
    this.#alarm = new UsageAlarm(warnAt);
  }

  tell(type: 'waiting' | 'dropped', atMs: number, cost: Cost): void {
    if (this.#announcer.isHeard) this.#announcer.tell({ type, atMs, waiting: this.#queue.size, cost });
  }

  admitted({ cost, place }: Waiter, atMs: number): void {
    if (!this.#announcer.isHeard) return;
    const { round } = this.#coolDown;
    if (round !== this.#round) this.#announcer.tell({ type: 'ramped', atMs, round });
    this.#round = round;
    this.#announcer.tell({ type: 'admitted', atMs, waiting: this.#queue.size, cost });
    this.#warn(this.#limits, cost, atMs, place.key);
  }

  /** Changes what is used of a limit, other than by an admission: whoever listens is warned all the same. */
  usedOtherwise(limit: Limit, atMs: number, key: unknown, change: () => void): void {
    const usedNow = (): number => (this.#announcer.isHeard ? usageOf(limit, atMs, { key }).used : 0);
    const usedBefore = usedNow();
    change();
    if (this.#announcer.isHeard) this.#warn([limit], usedNow() - usedBefore, atMs, key);
  }

  #warn(limits: readonly Limit[], cost: Cost, atMs: number, key: unknown): void {
    for (const usage of this.#alarm.check(limits, cost, atMs, key)) {
      this.#announcer.tell({ type: 'warning', atMs, usage });
    }
  }
}
