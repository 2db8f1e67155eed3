import type fc from 'fast-check';
import type { Book } from '../book.js';

export class Update implements fc.Command<Book, object> {
  readonly #index: number;
  readonly #limit: number;

  constructor(index: number, limit: number) {
    this.#index = index;
    this.#limit = limit;
  }

  check({ rules }: Readonly<Book>): boolean {
    return rules.length > 0;
  }

  run(book: Book): void {
    book.update(this.#index, this.#limit);
    book.check();
  }

  toString(): string {
    return `Update(${this.#index}, ${this.#limit})`;
  }
}
