import type fc from 'fast-check';
import type { Book } from '../book.js';

/** The raw clock is set back; nobody looks at it for a while. */
export class ClockBack implements fc.Command<Book, object> {
  readonly #byMs: number;
  readonly #unseenMs: number;

  constructor(byMs: number, unseenMs: number) {
    this.#byMs = byMs;
    this.#unseenMs = unseenMs;
  }

  check(): boolean {
    return true;
  }

  run(book: Book): void {
    book.clock.stepBack(this.#byMs);
    book.clock.advance(this.#unseenMs);
    book.check();
  }

  toString(): string {
    return `ClockBack(${this.#byMs}, unseen for ${this.#unseenMs})`;
  }
}
