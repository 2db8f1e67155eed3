import { placeOf } from '../../src/limiter/place.js';
import { Waiter } from '../../src/limiter/waiter.js';
import type { TaskRef } from '../../src/tasks/taskApi.js';

/** Behind all other requests: a submit uses a slot that is free, a poll can only find one. */
const behindAll = placeOf({ priority: -1 });

/** A poll's place in the queue of the requests. */
export class PollTurn extends Waiter {
  readonly #owner: Pick<Waiter, 'admitted' | 'dropped'>;

  constructor(owner: Pick<Waiter, 'admitted' | 'dropped'>) {
    super(1, behindAll);
    this.#owner = owner;
  }

  admitted(atMs: number): void {
    this.#owner.admitted(atMs);
  }

  dropped(error: Error): void {
    this.#owner.dropped(error);
  }
}

/** A poll on its way; aborted once nobody whom it asks for is followed any more. */
export class Flight {
  readonly #aborting = new AbortController();
  readonly #ids: Set<string>;

  constructor(refs: readonly TaskRef[]) {
    this.#ids = new Set(refs.map(({ id }) => id));
  }

  get signal(): AbortSignal {
    return this.#aborting.signal;
  }

  leave(id: string): void {
    this.#ids.delete(id);
    if (this.#ids.size === 0) this.#aborting.abort();
  }
}
