import type fc from 'fast-check';
import type { Book } from '../book.js';

export class Arrive implements fc.Command<Book, object> {
  readonly #weight: number;

  constructor(weight: number) {
    this.#weight = weight;
  }

  check(): boolean {
    return true;
  }

  run(book: Book): void {
    book.arrive(this.#weight);
    book.check();
  }

  toString(): string {
    return `Arrive(${this.#weight})`;
  }
}
