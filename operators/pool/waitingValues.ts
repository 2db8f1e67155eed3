import { QueueFullError } from '../../src/errors.js';
import type { Cost } from '../../src/limiter/cost.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { Place } from '../../src/limiter/place.js';
import { Waiter, type Admission } from '../../src/limiter/waiter.js';
import { reportUnhandled } from './reportUnhandled.js';

/** Who gets the values of a subscription back from a limiter. What it throws is reported as RxJS does, and stops nobody else. */
export interface ValueReceiver<T> {
  /** The value's turn has come: its permit is held until released. It is the `number`th that came, from 0. */
  admitted(value: T, admission: Admission, atMs: number, number: number): void;
  /** The limiter's queue gave the value up: as its overflow policy says, or, with an error, because it may never pass. */
  dropped(error: Error | undefined, number: number): void;
}

/** The values of one subscription that wait in a limiter which others may share. */
export class WaitingValues<T> {
  readonly #limiter: Limiter;
  readonly #receiver: ValueReceiver<T>;
  #newest: WaitingValue<T> | undefined = undefined;
  #entered = 0;
  #hasLeft = false;

  constructor(limiter: Limiter, receiver: ValueReceiver<T>) {
    this.#limiter = limiter;
    this.#receiver = receiver;
  }

  get isEmpty(): boolean {
    return this.#newest === undefined;
  }

  /** @throws CostOverCapacityError, QueueFullError */
  enter(value: T, cost: Cost, place: Place): void {
    const waiting = new WaitingValue(value, cost, place, this.#entered++, this);
    waiting.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.younger = waiting;
    this.#newest = waiting;
    try {
      this.#limiter.enter(waiting);
    } catch (error) {
      this.#part(waiting);
      throw error;
    }
  }

  /**
   * Gives back every place that is still held, and for good: where one that leaves makes room for another, that is no turn.
   * Returns the numbers of those who held one.
   */
  leaveAll(): readonly number[] {
    this.#hasLeft = true;
    const numbers: number[] = [];
    for (let it = this.#newest; it !== undefined; it = it.older) numbers.push(it.number);
    for (let it = this.#newest; it !== undefined; it = it.older) this.#limiter.leave(it);
    this.#newest = undefined;
    return numbers;
  }

  admitted(waiting: WaitingValue<T>, atMs: number): void {
    this.#part(waiting);
    if (this.#hasLeft) {
      this.#limiter.refund(waiting.cost, atMs, waiting.place.key);
      return;
    }
    try {
      this.#receiver.admitted(waiting.value, waiting, atMs, waiting.number);
    } catch (error) {
      reportUnhandled(error);
    }
  }

  dropped(waiting: WaitingValue<T>, error: Error): void {
    this.#part(waiting);
    if (this.#hasLeft) return;
    try {
      this.#receiver.dropped(error instanceof QueueFullError && error.isSilent ? undefined : error, waiting.number);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  #part({ older, younger }: WaitingValue<T>): void {
    if (older !== undefined) older.younger = younger;
    if (younger === undefined) this.#newest = older;
    else younger.older = older;
  }
}

class WaitingValue<T> extends Waiter {
  older: WaitingValue<T> | undefined = undefined;
  younger: WaitingValue<T> | undefined = undefined;
  readonly value: T;
  readonly number: number;
  readonly #owner: WaitingValues<T>;

  constructor(value: T, cost: Cost, place: Place, number: number, owner: WaitingValues<T>) {
    super(cost, place);
    this.value = value;
    this.number = number;
    this.#owner = owner;
  }

  admitted(atMs: number): void {
    this.#owner.admitted(this, atMs);
  }

  dropped(error: Error): void {
    this.#owner.dropped(this, error);
  }
}
