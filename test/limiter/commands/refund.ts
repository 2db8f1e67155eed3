import type fc from 'fast-check';
import type { Book } from '../book.js';

export class Refund implements fc.Command<Book, object> {
  readonly #index: number;

  constructor(index: number) {
    this.#index = index;
  }

  check(book: Readonly<Book>): boolean {
    return book.running.length > 0;
  }

  run(book: Book): void {
    book.refund(this.#index);
    book.check();
  }

  toString(): string {
    return `Refund(${this.#index})`;
  }
}
