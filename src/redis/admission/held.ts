import type { Limit, Outcome } from '../../limits/limit.js';
import type { Cost } from '../../limiter/cost.js';
import { Holdings, type Holding } from './holdings.js';
import { News, type Memory } from './news.js';
import { micros } from './plan.js';
import { keyText } from './wishes.js';

/** What this process holds, and what is to be told of it: a start, an end, a slot that was refused or given. */
export class Held {
  news = new News();
  readonly #holdings = new Holdings();
  /** What Redis is being told to hold, in this order. */
  #reclaiming: readonly Holding[] = [];

  get size(): number {
    return this.#holdings.size;
  }

  all(): Iterable<Holding> {
    return this.#holdings.all();
  }

  /** @param id its lease; undefined where Redis does not know of it */
  add(id: number | undefined, cost: Cost, key: unknown, takenAtMs: number): void {
    this.#holdings.add({ id, cost, key, takenAtMs, isWaiting: false, hasEnded: false, isSpent: id !== undefined });
  }

  /** Takes out what ends now; where it is just being told anew, its id comes with the answer. */
  end(cost: Cost, takenAtMs: number, key: unknown, outcome: Outcome | 'refund'): Holding | undefined {
    return this.#holdings.end(cost, takenAtMs, key, outcome);
  }

  /**
   * @param cost what it takes of `limit`
   * @returns true where there is something to tell
   */
  slotTold(limit: Limit, what: 'refused' | 'granted', cost: number, takenAtMs: number, key: unknown): boolean {
    const holding = this.#holdings.find(limit, cost, takenAtMs, key, what === 'granted');
    if (holding === undefined) return false;
    holding.isWaiting = what === 'refused';
    if (holding.id === undefined) return false;
    this.news.slots.push([holding.id, what]);
    return true;
  }

  takeNews(): News {
    const { news } = this;
    this.news = new News();
    return news;
  }

  /** In another life nothing that it holds has a lease, and nothing whose end was not told: what Redis is to be told of it. */
  beginAnew(
    nowMs: number,
    hasLostData: boolean,
  ): { readonly leases: Memory['leases']; readonly unused: readonly number[] } {
    const { ended, unused } = this.news.forgetLeases();
    this.#reclaiming = [...ended, ...this.#holdings.all()];
    for (const holding of this.#reclaiming) holding.id = undefined;
    const leases = this.#reclaiming.map(
      ({ cost, key, takenAtMs, isSpent = false }) =>
        [cost, keyText(key), micros(nowMs - takenAtMs), isSpent && !hasLostData] as const,
    );
    return { leases, unused };
  }

  /** It has leases again. @returns those that have ended meanwhile */
  reclaimed(ids: readonly number[]): readonly Holding[] {
    const told = this.#reclaiming;
    this.#reclaiming = [];
    for (const [index, holding] of told.entries()) {
      holding.id = ids[index];
      holding.isSpent = true;
    }
    return told.filter((holding) => holding.hasEnded);
  }
}
