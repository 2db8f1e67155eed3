import type { Outcome } from '../../limits/limit.js';
import type { Cost } from '../../limiter/waiter.js';

/** A piece of work that was admitted, as this process knows it. */
export interface Holding {
  /** Its lease in Redis; undefined while Redis does not know it. */
  id: number | undefined;
  readonly cost: Cost;
  readonly key: unknown;
  readonly takenAtMs: number;
  hasEnded: boolean;
  /** How, where it has ended. */
  outcome?: Outcome | 'refund';
}

/** What this process holds, by the instant of its admission. Work of one instant, key and cost is interchangeable. */
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
    const index = others.findIndex((it) => it.key === key && isSame(it.cost, cost));
    const holding = others[index];
    if (holding === undefined) return undefined;
    others.splice(index, 1);
    if (others.length === 0) this.#byInstant.delete(takenAtMs);
    this.size--;
    holding.hasEnded = true;
    holding.outcome = outcome;
    return holding;
  }

  /** The last that was admitted at or before that instant: whoever reads the clock as it starts does not know its own. */
  find(cost: Cost, takenAtMs: number, key: unknown): Holding | undefined {
    let found: Holding | undefined;
    for (const [atMs, holdings] of this.#byInstant) {
      if (atMs > takenAtMs) break;
      found = holdings.find((it) => it.key === key && isSame(it.cost, cost)) ?? found;
    }
    return found;
  }

  *all(): Generator<Holding> {
    for (const holdings of this.#byInstant.values()) yield* holdings;
  }
}

function isSame(one: Cost, other: Cost): boolean {
  return one === other || (typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other));
}
