import { Observable } from 'rxjs';
import type { TaskUpdate } from '../../src/tasks/taskApi.js';
import { PollRound, type Followed, type Polled, type PollerOptions } from './pollRound.js';

/**
 * Polls all tasks of an account that are followed, as many in one request as the API takes, when a plan says that it is
 * worth it. Polls go through the limiter of the requests behind everything else, and those of one task never overlap.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #rounds = new Map<string, PollRound>();

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** What is learnt of the task, from now on; endless. Unsubscribing ends its polls. */
  follow(task: Followed): Observable<Polled> {
    return new Observable((subscriber) => this.#roundOf(task.ref.product).follow(task, subscriber));
  }

  /** Somebody says that a task has changed. */
  told(update: TaskUpdate): void {
    for (const round of this.#rounds.values()) round.told(update);
  }

  #roundOf(product: string): PollRound {
    const known = this.#rounds.get(product);
    if (known !== undefined) return known;
    const round = new PollRound(this.#options);
    this.#rounds.set(product, round);
    return round;
  }
}
