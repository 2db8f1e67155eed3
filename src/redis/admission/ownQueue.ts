import { BudgetSpentError } from '../../errors.js';
import type { LimiterEvent } from '../../limiter/events.js';
import type { Applicants } from '../../limiter/store.js';
import type { Waiter } from '../../limiter/waiter.js';
import type { GivenUp } from './inbox.js';
import { costText } from './wishes.js';

/** Who waits in this process: nobody, until its limiter asks to be served. */
export class OwnQueue {
  #applicants: Applicants | undefined = undefined;

  serve(applicants: Applicants): void {
    this.#applicants = applicants;
  }

  get waiting(): number {
    return this.#applicants?.waiting ?? 0;
  }

  inOrder(): Iterable<Waiter> {
    return this.#applicants?.inOrder() ?? [];
  }

  /** Something was decided for these keys. */
  admit(keys: ReadonlySet<unknown>): void {
    this.#applicants?.admit(keys);
  }

  admitAll(): void {
    this.admit(new Set([...this.inOrder()].map(({ place }) => place.key)));
  }

  /** What no budget will ever pay for. */
  giveUp({ key, cost, limit, left }: GivenUp): void {
    for (const waiter of this.inOrder()) {
      if (waiter.place.key !== key || costText(waiter.cost) !== cost) continue;
      const units = typeof waiter.cost === 'number' ? waiter.cost : (waiter.cost[limit] ?? 1);
      this.#applicants?.drop(waiter, new BudgetSpentError(limit, units, left));
      return;
    }
  }

  giveUpAll(error: Error): void {
    for (const waiter of [...this.inOrder()]) {
      // One that was given up may have taken others of its stream along.
      if (waiter.isQueued) this.#applicants?.drop(waiter, error);
    }
  }

  dropImpossible(): void {
    this.#applicants?.dropImpossible();
  }

  tell(event: LimiterEvent): void {
    this.#applicants?.tell(event);
  }
}
