import type { Limit, Outcome } from '../limits/limit.js';
import { checkCost, costIn, type Cost } from './cost.js';
import type { AdmissionStore } from './store.js';

/** The limits of one process: every decision is made on the spot, without a promise or an allocation. */
export class MemoryStore implements AdmissionStore {
  readonly limits: readonly Limit[];
  heldBy: Limit | undefined = undefined;
  readonly #keyed: readonly Limit[];
  readonly #calendars: readonly Limit[];
  readonly #epochNow: () => number;

  constructor(limits: readonly Limit[], epochNow: () => number) {
    this.limits = limits;
    this.#keyed = limits.filter((limit) => limit.isKeyed === true);
    this.#calendars = limits.filter((limit) => limit.observeWall !== undefined);
    this.#epochNow = epochNow;
  }

  check(cost: Cost, key?: unknown): void {
    checkCost(this.limits, cost, key);
  }

  tryAdmit(cost: Cost, nowMs: number, key: unknown): number {
    const atMs = this.earliest(cost, nowMs, key);
    if (atMs > nowMs) return this.#ownAt(cost, nowMs, key) ?? atMs;
    for (const limit of this.limits) limit.take(costIn(limit, cost), nowMs, key);
    return atMs;
  }

  earliest(cost: Cost, nowMs: number, key: unknown): number {
    this.observeWall(nowMs);
    let atMs = nowMs;
    this.heldBy = undefined;
    for (const limit of this.limits) {
      // What does not depend on time alone may end at any moment: the cool-down, which comes last, is asked then.
      if (atMs === Infinity) break;
      const limitAtMs = limit.earliest(costIn(limit, cost), nowMs, key);
      if (limitAtMs <= atMs) continue;
      atMs = limitAtMs;
      this.heldBy = limit;
    }
    return atMs;
  }

  release(cost: Cost, takenAtMs: number, nowMs: number, outcome: Outcome, key: unknown): void {
    for (const limit of this.limits) limit.release(costIn(limit, cost), takenAtMs, nowMs, outcome, key);
  }

  refund(cost: Cost, takenAtMs: number, key: unknown): void {
    for (const limit of this.limits) limit.refund(costIn(limit, cost), takenAtMs, key);
  }

  /** Tells the limits that follow a calendar what the wall clock says; they trust it from there. */
  observeWall(nowMs: number): void {
    if (this.#calendars.length === 0) return;
    const epochMs = this.#epochNow();
    for (const limit of this.#calendars) limit.observeWall?.(epochMs, nowMs);
  }

  /** When the limits of its own key let it start, where they hold it back: until then the others' answer is of no use. */
  #ownAt(cost: Cost, nowMs: number, key: unknown): number | undefined {
    let ownAtMs = nowMs;
    for (const limit of this.#keyed) {
      const limitAtMs = limit.earliest(costIn(limit, cost), nowMs, key);
      if (limitAtMs <= ownAtMs) continue;
      ownAtMs = limitAtMs;
      this.heldBy = limit;
    }
    return ownAtMs > nowMs ? ownAtMs : undefined;
  }
}
