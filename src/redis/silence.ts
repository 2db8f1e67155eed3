import { rightsAdvice } from './failure.js';

/** What Redis lets nobody send, or hear, costs time alone: the process is warned of it, once. */
export class Silence {
  readonly #what: string;
  #isTold = false;

  /** @param what Redis refuses to do */
  constructor(what: string) {
    this.#what = what;
  }

  tell(why: string): void {
    if (this.#isTold) return;
    this.#isTold = true;
    process.emitWarning(
      `Redis refuses to ${this.#what} (${why}): who waits for what ends in another process hears of it up to a third of ` +
        `a lease late; ${rightsAdvice}`,
      'SluiceWarning',
    );
  }
}
