import { createLimiter } from '../../operators/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { promises } from './virtualClock.js';

/** An iterable that keeps a book of what is asked of it. */
export class Watched<T> implements Iterable<T> {
  pulled = 0;
  returned = 0;
  readonly #values: Iterator<T>;

  constructor(values: Iterable<T>) {
    this.#values = values[Symbol.iterator]();
  }

  [Symbol.iterator](): Iterator<T> {
    return {
      next: () => {
        this.pulled++;
        return this.#values.next();
      },
      return: () => {
        this.returned++;
        return { done: true, value: undefined };
      },
    };
  }
}

/** An asynchronous source that a test answers by hand. */
export class Asked implements AsyncIterable<string> {
  returned = 0;
  readonly #answers: {
    readonly resolve: (result: IteratorResult<string>) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];

  /** How many questions have no answer yet. */
  get open(): number {
    return this.#answers.length;
  }

  [Symbol.asyncIterator](): AsyncIterator<string> {
    return {
      next: () => new Promise((resolve, reject) => this.#answers.push({ resolve, reject })),
      return: () => {
        this.returned++;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async answer(value: string): Promise<void> {
    this.#answers.shift()?.resolve({ done: false, value });
    await promises();
  }

  async end(): Promise<void> {
    this.#answers.shift()?.resolve({ done: true, value: undefined });
    await promises();
  }

  async fail(error: unknown): Promise<void> {
    this.#answers.shift()?.reject(error);
    await promises();
  }
}

export function* count(): Generator<number> {
  for (let n = 1; ; n++) yield n;
}

/** So many slots, to share. */
export const slots = (limit: number): Limiter => createLimiter({ limits: [concurrency({ limit })] });
