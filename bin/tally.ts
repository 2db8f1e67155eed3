import type { GenerateResult } from '../operators/index.js';
import type { KlingRequest } from '../src/kling/index.js';
import type { Account } from './account.js';
import type { Figures } from './figures.js';
import { limitsAloneMs } from './limitsAlone.js';
import { reasonsOf, type Summary } from './summary.js';

/** Counts what a run does, from the moment its account is open. */
export class Tally {
  readonly #account: Account;
  readonly #startedAtMs: number;
  readonly #ended: GenerateResult<KlingRequest>[] = [];
  #requests = 0;
  #refusals = 0;

  constructor(account: Account) {
    this.#account = account;
    this.#startedAtMs = account.clock.now();
    account.requests.on(({ type }) => {
      if (type === 'admitted') this.#requests += 1;
      if (type === 'refused') this.#refusals += 1;
    });
  }

  /** Refusals for speed, or for want of a slot, of any request. */
  get refusals(): number {
    return this.#refusals;
  }

  /** In Kling's time. */
  get elapsedMs(): number {
    return this.#account.clock.now() - this.#startedAtMs;
  }

  add(result: GenerateResult<KlingRequest>): void {
    this.#ended.push(result);
  }

  summary(total: number, figures: Figures, speed: number, resultsPath: string): Summary {
    const succeeded = this.#ended.filter(({ status }) => status === 'succeeded').length;
    const failed = this.#ended.length - succeeded;
    return {
      ...{ total, succeeded, failed, speed, resultsPath },
      notSent: total - succeeded - failed,
      reasons: reasonsOf(this.#ended),
      refusals: this.#refusals,
      tookMs: this.elapsedMs,
      limitsAloneMs: limitsAloneMs({ ...figures, tasks: this.#tasks(), requests: this.#requests }),
    };
  }

  #tasks(): { slots: number; durationMs: number }[] {
    return this.#ended
      .toSorted((one, other) => one.index - other.index)
      .flatMap(({ prompt, submittedAtMs, endedAtMs }) =>
        submittedAtMs === undefined
          ? []
          : [{ slots: this.#account.client.weigh(prompt), durationMs: endedAtMs - submittedAtMs }],
      );
  }
}
