import type { Task } from './life.js';
import { weightOf } from './orders.js';

const dayMs = 86_400_000;

/** The UTC day that an instant lies in, counted from 1970. */
export function dayOf(epochMs: number): number {
  return Math.floor(epochMs / dayMs);
}

/** The instant at which such a day starts, in ms since 1970. */
export function dayStartAtMs(day: number): number {
  return day * dayMs;
}

export interface AccountOptions {
  /** How many slots there are. */
  readonly tasks: number;
  /** What may be spent in a UTC day. */
  readonly credits: number | 'off';
  /** The wall time at 0 ms. */
  readonly epochAtMs: number;
}

/**
 * What one account has running and has spent: a task holds its slots until the instant of its end, and a failed one
 * gets its credits back then, on the day they were spent. Every instant handed in is no earlier than the one before.
 */
export class Account {
  readonly #options: AccountOptions;
  /** The last to end comes first, so that ends are taken off the far side. */
  readonly #running: Task[] = [];
  #slotsUsed = 0;
  readonly #spentByDay = new Map<number, number>();

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  hasRoom(weight: number, nowMs: number): boolean {
    this.#endUntil(nowMs);
    return this.#slotsUsed + weight <= this.#options.tasks;
  }

  canPay(credits: number, nowMs: number): boolean {
    this.#endUntil(nowMs);
    if (this.#options.credits === 'off') return true;
    return (this.#spentByDay.get(this.#dayAt(nowMs)) ?? 0) + credits <= this.#options.credits;
  }

  /** What all days together have cost, without the tasks that have failed. */
  spent(nowMs: number): number {
    this.#endUntil(nowMs);
    return [...this.#spentByDay.values()].reduce((sum, spent) => sum + spent, 0);
  }

  /** Takes the slots and the price of a task that is created now: `hasRoom` and `canPay` have said so. */
  add(task: Task): void {
    this.#slotsUsed += weightOf(task.order);
    this.#spend(task.createdAtMs, task.credits);
    this.#running.splice(this.#placeOf(task), 0, task);
  }

  #endUntil(nowMs: number): void {
    for (let task = this.#running.at(-1); task !== undefined && task.endsAtMs <= nowMs; task = this.#running.at(-1)) {
      this.#running.pop();
      this.#slotsUsed -= weightOf(task.order);
      if (task.fails) this.#spend(task.createdAtMs, -task.credits);
    }
  }

  #spend(atMs: number, credits: number): void {
    const day = this.#dayAt(atMs);
    this.#spentByDay.set(day, (this.#spentByDay.get(day) ?? 0) + credits);
  }

  #dayAt(nowMs: number): number {
    return dayOf(this.#options.epochAtMs + nowMs);
  }

  #placeOf(task: Task): number {
    let low = 0;
    let high = this.#running.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#running[middle]?.endsAtMs ?? -Infinity) > task.endsAtMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
