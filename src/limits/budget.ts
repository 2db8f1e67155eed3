import * as z from 'zod/mini';
import { nonEmpty, parseOptions, positive } from '../options.js';
import { fits } from './fits.js';
import type { Limit, LimitFigures, Usage } from './limit.js';

export interface BudgetOptions {
  /** What may be spent in all, in credits or whatever the costs count; more than 0. */
  readonly limit: number;
  /**
   * What becomes of work that waits and costs more than is left, once nothing of the limiter (under `perKey`: of the key)
   * runs that could give something back: `refuse` gives it up with BudgetSpentError; `wait` holds it until the budget is
   * raised or adjusted.
   * Choose `wait` where costs are settled after the release, or where somebody raises the limit by hand.
   * @defaultValue 'refuse'
   */
  readonly whenSpent?: 'refuse' | 'wait';
  /** @defaultValue 'budget' */
  readonly name?: string;
}

const schema = z.strictObject({
  limit: positive,
  whenSpent: z._default(z.enum(['refuse', 'wait']), 'refuse'),
  name: z._default(nonEmpty, 'budget'),
});

const changeSchema = z.partial(z.pick(schema, { limit: true }));

/**
 * At most `limit` spent in all: what a run may cost. What is spent stays spent when the work ends, and nothing fills it
 * up again but a refund, an `adjust` by what was not needed after all, or an `update`.
 *
 * For a budget that each day brings anew, use `dailyQuota`.
 *
 * @throws OptionsError
 */
export function budget(options: BudgetOptions): Limit {
  const { limit, whenSpent, name } = parseOptions(schema, options, 'budget');
  return new Budget(name, limit, whenSpent);
}

class Budget implements Limit {
  readonly name: string;
  readonly kind = 'quota';
  /** Only a budget that refuses says so: what it does not have, nobody gets. */
  readonly left?: () => number;
  capacity: number;
  readonly #whenSpent: 'refuse' | 'wait';
  #spent = 0;

  constructor(name: string, capacity: number, whenSpent: 'refuse' | 'wait') {
    this.name = name;
    this.capacity = capacity;
    this.#whenSpent = whenSpent;
    if (whenSpent === 'refuse') this.left = () => this.capacity - this.#spent;
  }

  earliest(cost: number, nowMs: number): number {
    return cost === 0 || fits(this.#spent + cost, this.capacity) ? nowMs : Infinity;
  }

  take(cost: number): void {
    this.#spend(cost);
  }

  release(): void {}

  refund(cost: number): void {
    this.#spend(-cost);
  }

  adjust(delta: number): void {
    this.#spend(delta);
  }

  usage(): Usage {
    return { used: this.#spent, capacity: this.capacity, resetsAtMs: Infinity };
  }

  update(change: unknown): void {
    this.capacity = parseOptions(changeSchema, change, `update of "${this.name}"`).limit ?? this.capacity;
  }

  copy(): Budget {
    const copy = new Budget(this.name, this.capacity, this.#whenSpent);
    copy.#spent = this.#spent;
    return copy;
  }

  describe(): LimitFigures {
    return { type: 'budget', limit: this.capacity, whenSpent: this.#whenSpent };
  }

  #spend(cost: number): void {
    this.#spent = Math.max(0, this.#spent + cost);
  }
}
