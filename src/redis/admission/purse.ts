import { costText } from './wishes.js';
import type { Cost } from '../../limiter/cost.js';

interface Grant {
  readonly id: number;
  readonly cost: string;
}

/** What was granted and is about to be handed out: by key, in the order in which it came. */
export class Purse {
  readonly #byKey = new Map<unknown, Grant[]>();

  put(key: unknown, cost: string, id: number): void {
    const grants = this.#byKey.get(key);
    if (grants === undefined) this.#byKey.set(key, [{ id, cost }]);
    else grants.push({ id, cost });
  }

  /** A grant of that cost, if there is one. */
  take(key: unknown, cost: Cost): number | undefined {
    const grants = this.#byKey.get(key);
    if (grants === undefined) return undefined;
    const text = costText(cost);
    const index = grants.findIndex((grant) => grant.cost === text);
    const [grant] = index < 0 ? [] : grants.splice(index, 1);
    if (grants.length === 0) this.#byKey.delete(key);
    return grant?.id;
  }

  /** What nobody has taken; it holds nothing from here on. */
  empty(): readonly number[] {
    const left = [...this.#byKey.values()].flatMap((grants) => grants.map(({ id }) => id));
    this.#byKey.clear();
    return left;
  }
}
