import type fc from 'fast-check';
import type { Book } from '../book.js';

export class Cancel implements fc.Command<Book, object> {
  readonly #index: number;

  constructor(index: number) {
    this.#index = index;
  }

  check(book: Readonly<Book>): boolean {
    return book.queue.length > 0;
  }

  run(book: Book): void {
    book.cancel(this.#index);
    book.check();
  }

  toString(): string {
    return `Cancel(${this.#index})`;
  }
}
