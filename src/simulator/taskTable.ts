import type { Task } from './life.js';
import type { Product, V1Product } from './orders.js';

/** Every task there ever was, in the order of creation, found by its id or by the one its creator chose. */
export class TaskTable {
  readonly #all: Task[] = [];
  readonly #byProduct = new Map<Product, Task[]>();
  readonly #byId = new Map<string, Task>();
  readonly #byExternalId = new Map<string, Task>();

  get all(): readonly Task[] {
    return this.#all;
  }

  add(task: Task): void {
    const { product, externalId } = task.order;
    this.#all.push(task);
    this.#enter(product, task);
    this.#byId.set(task.id, task);
    if (externalId !== undefined) this.#byExternalId.set(externalId, task);
  }

  /** Of any product, made through either API. */
  byId(id: string): Task | undefined {
    return this.#byId.get(id);
  }

  /** The same: an external id is unique in the account. */
  byExternalId(externalId: string): Task | undefined {
    return this.#byExternalId.get(externalId);
  }

  /** A task of that product, by either of its ids. */
  find(product: V1Product, id: string): Task | undefined {
    const task = this.#byId.get(id) ?? this.#byExternalId.get(id);
    return task?.order.product === product ? task : undefined;
  }

  /** A page of one product, newest first; `pageNum` counts from 1. */
  page(product: V1Product, pageNum: number, pageSize: number): Task[] {
    const tasks = this.#byProduct.get(product) ?? [];
    const end = Math.max(0, tasks.length - (pageNum - 1) * pageSize);
    return tasks.slice(Math.max(0, end - pageSize), end).reverse();
  }

  #enter(product: Product, task: Task): void {
    const tasks = this.#byProduct.get(product);
    if (tasks === undefined) this.#byProduct.set(product, [task]);
    else tasks.push(task);
  }
}
