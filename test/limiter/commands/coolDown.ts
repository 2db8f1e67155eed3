import type fc from 'fast-check';
import type { Book } from '../book.js';

export class CoolDown implements fc.Command<Book, object> {
  readonly #delayMs: number;

  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  check(): boolean {
    return true;
  }

  run(book: Book): void {
    book.coolDown(this.#delayMs);
    book.check();
  }

  toString(): string {
    return `CoolDown(${this.#delayMs})`;
  }
}
