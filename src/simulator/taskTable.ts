import type { Task } from './life.js';
import { products, type Product } from './orders.js';

/** Every task there ever was, in the order of creation, found by its id or by the one its creator chose. */
export class TaskTable {
  readonly #all: Task[] = [];
  readonly #byProduct = new Map<Product, Task[]>(products.map((product) => [product, []]));
  readonly #byId = new Map<string, Task>();
  readonly #byExternalId = new Map<string, Task>();

  get all(): readonly Task[] {
    return this.#all;
  }

  add(task: Task): void {
    const { product, externalId } = task.order;
    this.#all.push(task);
    this.#byProduct.get(product)?.push(task);
    this.#byId.set(task.id, task);
    if (externalId !== undefined) this.#byExternalId.set(externalId, task);
  }

  /** True where a task of any product has that external id: it is unique in the account. */
  hasExternalId(externalId: string): boolean {
    return this.#byExternalId.has(externalId);
  }

  find(product: Product, id: string): Task | undefined {
    const task = this.#byId.get(id) ?? this.#byExternalId.get(id);
    return task?.order.product === product ? task : undefined;
  }

  /** A page of one product, newest first; `pageNum` counts from 1. */
  page(product: Product, pageNum: number, pageSize: number): Task[] {
    const tasks = this.#byProduct.get(product) ?? [];
    const end = Math.max(0, tasks.length - (pageNum - 1) * pageSize);
    return tasks.slice(Math.max(0, end - pageSize), end).reverse();
  }
}
