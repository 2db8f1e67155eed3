import type fc from 'fast-check';
import type { Book } from '../book.js';

export class Advance implements fc.Command<Book, object> {
  readonly #byMs: number;

  constructor(byMs: number) {
    this.#byMs = byMs;
  }

  check(): boolean {
    return true;
  }

  run(book: Book): void {
    book.clock.advance(this.#byMs);
    book.check();
  }

  toString(): string {
    return `Advance(${this.#byMs})`;
  }
}
