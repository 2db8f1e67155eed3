import type { Cancel } from '../operators/index.js';
import { harmless } from './text.js';

type Listener = (notice: string) => void;

/** Whether Redis can be used: there must be a connection, and it must do what the journal asks of it. */
export class Outage {
  readonly #reasons = new Map<'connection' | 'journal', string>();
  readonly #listeners = new Set<Listener>();

  on(listener: Listener): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param why undefined: it is well */
  hear(from: 'connection' | 'journal', why: string | undefined): void {
    const wasAway = this.#reasons.size > 0;
    if (why === undefined) this.#reasons.delete(from);
    else this.#reasons.set(from, why);
    const isAway = this.#reasons.size > 0;
    if (isAway !== wasAway) this.#tell(isAway ? awayNotice(why) : 'Redis is back');
  }

  #tell(notice: string): void {
    for (const listener of this.#listeners) listener(notice);
    if (this.#listeners.size === 0) console.error(`sluice: ${harmless(notice)}`);
  }
}

function awayNotice(why = ''): string {
  return `Redis is away (${why}): nothing is submitted until it is back, what runs goes on`;
}
