import { costIn, type Cost } from '../../limiter/cost.js';
import type { Limit, Outcome } from '../../limits/limit.js';

/** A piece of work that was admitted, as this process knows it. */
export interface Holding {
  /** Its lease in Redis; undefined while Redis does not know it. */
  id: number | undefined;
  readonly cost: Cost;
  readonly key: unknown;
  readonly takenAtMs: number;
  /** It was refused a slot, and tries again in its place. */
  isWaiting: boolean;
  hasEnded: boolean;
  /** True where Redis has taken of quotas what it costs, whoever has forgotten its lease since. */
  isSpent?: boolean;
  endedAtMs?: number;
  /** How, where it has ended. */
  outcome?: Outcome | 'refund';
}

/** What this process holds, by the instant of its admission. Of work of one instant, key and cost nobody can tell one from another. */
export class Holdings {
  readonly #byInstant = new Map<number, Holding[]>();
  size = 0;

  add(holding: Holding): void {
    this.size++;
    const others = this.#byInstant.get(holding.takenAtMs);
    if (others === undefined) this.#byInstant.set(holding.takenAtMs, [holding]);
    else others.push(holding);
  }

  /** Takes out what ends now. */
  end(cost: Cost, takenAtMs: number, key: unknown, outcome: Outcome | 'refund'): Holding | undefined {
    const others = this.#byInstant.get(takenAtMs) ?? [];
    const holding = pick(others, key, false, (held) => isSame(held, cost));
    if (holding === undefined) return undefined;
    others.splice(others.indexOf(holding), 1);
    if (others.length === 0) this.#byInstant.delete(takenAtMs);
    this.size--;
    holding.hasEnded = true;
    holding.outcome = outcome;
    return holding;
  }

  /**
   * Of the work that takes `cost` of `limit`, the last that was admitted at or before `takenAtMs`: work that reads the
   * clock as it starts does not know the instant of its admission. Of several, one that waits, or does not, as asked.
   */
  find(limit: Limit, cost: number, takenAtMs: number, key: unknown, isWaiting: boolean): Holding | undefined {
    let found: Holding | undefined;
    for (const [atMs, holdings] of this.#byInstant) {
      if (atMs > takenAtMs) break;
      found = pick(holdings, key, isWaiting, (held) => costIn(limit, held) === cost) ?? found;
    }
    return found;
  }

  *all(): Generator<Holding> {
    for (const holdings of this.#byInstant.values()) yield* holdings;
  }
}

function pick(
  holdings: readonly Holding[],
  key: unknown,
  isWaiting: boolean,
  costsThat: (cost: Cost) => boolean,
): Holding | undefined {
  const same = holdings.filter((it) => it.key === key && costsThat(it.cost));
  return same.find((it) => it.isWaiting === isWaiting) ?? same[0];
}

function isSame(one: Cost, other: Cost): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}
