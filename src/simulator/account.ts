import { Heap } from '../heap.js';
import { costAt, type Task } from './life.js';
import { weightOf } from './orders.js';
import { wantedAt, type OthersWindow } from './others.js';

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
  /** Who else takes of them. */
  readonly others: readonly OthersWindow[];
  /** What may be spent in a UTC day. */
  readonly credits: number | 'off';
  /** The wall time at 0 ms. */
  readonly epochAtMs: number;
}

/**
 * What one account has running and has spent: a task holds its slots until the instant of its end. Its price is reserved
 * until then; what it really cost takes its place, on the day it was created (nothing, where it failed). Every instant
 * handed in is no earlier than the one before.
 */
export class Account {
  readonly #options: AccountOptions;
  readonly #running = new Heap<Task>((one, other) => one.endsAtMs < other.endsAtMs);
  #slotsUsed = 0;
  #spent = 0;
  readonly #spentByDay = new Map<number, number>();

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  /** True where the slots are free, and nobody else wants them: others come first. */
  hasRoom(weight: number, nowMs: number): boolean {
    this.#endUntil(nowMs);
    return this.#slotsUsed + wantedAt(this.#options.others, nowMs) + weight <= this.#options.tasks;
  }

  /** True where there would be room, were it not for the others. */
  isCrowded(weight: number, nowMs: number): boolean {
    return !this.hasRoom(weight, nowMs) && this.#slotsUsed + weight <= this.#options.tasks;
  }

  canPay(credits: number, nowMs: number): boolean {
    this.#endUntil(nowMs);
    if (this.#options.credits === 'off') return true;
    return (this.#spentByDay.get(this.#dayAt(nowMs)) ?? 0) + credits <= this.#options.credits;
  }

  /** What all days together have cost. */
  spent(nowMs: number): number {
    this.#endUntil(nowMs);
    return this.#spent;
  }

  /** Takes the slots and the price of a task that is created now: `hasRoom` and `canPay` have said so. */
  add(task: Task): void {
    this.#slotsUsed += weightOf(task.order);
    this.#spend(task.createdAtMs, task.credits);
    this.#running.add(task);
  }

  #endUntil(nowMs: number): void {
    for (let task = this.#running.first; task !== undefined && task.endsAtMs <= nowMs; task = this.#running.first) {
      this.#running.removeFirst();
      this.#slotsUsed -= weightOf(task.order);
      this.#spend(task.createdAtMs, costAt(task, nowMs) - task.credits);
    }
  }

  #spend(atMs: number, credits: number): void {
    const day = this.#dayAt(atMs);
    this.#spent += credits;
    this.#spentByDay.set(day, (this.#spentByDay.get(day) ?? 0) + credits);
  }

  #dayAt(nowMs: number): number {
    return dayOf(this.#options.epochAtMs + nowMs);
  }
}
