import type { Clock } from '../../src/clock.js';
import type { JournaledTask, JournalHistory } from '../../src/journal/journal.js';
import type { Cost } from '../../src/limiter/cost.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { fits } from '../../src/limits/fits.js';

/** Credits that are set aside for one task, until it is known what it really cost. */
export interface Reservation {
  readonly credits: number;
  readonly key: unknown;
  /** On the monotonic clock: the day's quota is that of this instant. */
  readonly atMs: number;
  /** True once the run's budget has set them aside, too. */
  isOfRun: boolean;
  /** True while that may yet get something of them back. */
  isAwaited: boolean;
}

/** What a task of another worker has cost, or may cost. */
interface Elsewhere {
  readonly round: number;
  readonly credits: number;
  readonly isOver: boolean;
  /** True while it may yet give something back. */
  readonly isAwaited: boolean;
}

/** False for what no sum can hold: a budget would let it pass, and all that comes after it. */
export function isAmount(credits: number): boolean {
  return credits >= 0 && credits < Infinity;
}

/** The names under which a slot limiter counts credits. */
const quotaNames = ['credits', 'credits per key'] as const;

/** The runs whose earlier spending a limiter was told of: it may outlive a stream, and has counted itself what came since. */
const runsToldTo = new WeakMap<Limiter, Set<string>>();

/** Older spending is no part of any day that a quota could still ask about. */
const rememberedMs = 48 * 3_600_000;

/**
 * Reserves estimates, settles with what tasks really cost, gives back what failed. The quotas of a day are limits of the
 * slot limiter, which takes them as it gives a slot; the budget of the run is kept here, so that what it cannot pay is
 * known to be so, and does not wait for a day that never comes.
 */
export class Credits {
  readonly #slots: Limiter;
  readonly #quotas: readonly string[];
  readonly #runLimit: number;
  readonly #clock: Clock;
  /** What tasks of other workers have cost, or may cost, by the key of their prompts; only where there are such. */
  readonly #elsewhere = new Map<string, Elsewhere>();
  /** True: the slot limiter knows already what tasks of earlier runs have taken of a day. */
  #isDayKnown: boolean;
  #spent = 0;
  #reserved = 0;
  #spentElsewhere = 0;
  /** Of how many tasks, ours and others', something may yet come back. */
  #awaited = 0;

  /**
   * @param isShared true: several workers share the run. What others spend of a day is then a matter of the limiter
   *   that they share.
   */
  constructor(slots: Limiter, runLimit: number | undefined, clock: Clock, isShared = false) {
    this.#slots = slots;
    this.#runLimit = runLimit ?? Infinity;
    this.#clock = clock;
    this.#isDayKnown = isShared || slots.isShared;
    const names = slots.snapshot().limits.map(({ name }) => name);
    this.#quotas = quotaNames.filter((name) => names.includes(name));
  }

  /** What is left of the run's budget. */
  get leftOfRun(): number {
    return Math.max(0, this.#runLimit - this.#ofRun);
  }

  /** What is spent and set aside of it. */
  get #ofRun(): number {
    return this.#spent + this.#reserved + this.#spentElsewhere;
  }

  /** True while a task is followed that may yet give something back to it. */
  get mayGetMore(): boolean {
    return this.#awaited > 0;
  }

  /** Of the tasks of which other workers that may be, by the keys of their prompts. */
  get awaitedElsewhere(): readonly string[] {
    return [...this.#elsewhere].filter(([, { isAwaited }]) => isAwaited).map(([key]) => key);
  }

  /** What a task costs in the slot limiter. */
  costOf(tasks: number, credits: number): Cost {
    return { tasks, credits, 'credits per key': credits };
  }

  /** The slot limiter has just taken them. */
  taken(credits: number, key: unknown): Reservation {
    return { credits, key, atMs: this.#clock.now(), isOfRun: false, isAwaited: false };
  }

  /** Those of a task that an earlier run sent. */
  adopted(credits: number, key: unknown, intendedAtMs: number): Reservation {
    const atMs = this.#monotonic(intendedAtMs);
    if (!this.#isDayKnown) this.#adjust(credits, atMs, key);
    const reservation = { credits, key, atMs, isOfRun: false, isAwaited: false };
    this.#setAside(reservation);
    return reservation;
  }

  /** Sets them aside in the run's budget, where they fit. Asked again, it says the same. */
  reserve(reservation: Reservation): boolean {
    if (reservation.isOfRun) return true;
    if (!fits(this.#ofRun + reservation.credits, this.#runLimit)) return false;
    this.#setAside(reservation);
    return true;
  }

  /** It has cost `actual` in the end; 0 where there is nothing to pay for. */
  settle(reservation: Reservation, actual: number): void {
    const { credits, key, atMs } = reservation;
    this.handOver(reservation);
    this.#spent += actual;
    this.#adjust(actual - credits, atMs, key);
  }

  /** Another worker follows the task from here on: the run's budget has it there, and a day keeps what was taken of it. */
  handOver(reservation: Reservation): void {
    this.giveUp(reservation);
    if (reservation.isOfRun) this.#reserved -= reservation.credits;
  }

  /** Nobody looks for the task's end any more: what is set aside for it stays so, and is not waited for. */
  giveUp(reservation: Reservation): void {
    if (reservation.isAwaited) this.#awaited -= 1;
    reservation.isAwaited = false;
  }

  /** Takes over what earlier runs have spent; what a limiter that outlives them has of it is not counted once more. */
  restore({ runId, tasks, replaced }: JournalHistory, keyOf: (prompt: unknown) => unknown): void {
    const told = runsToldTo.get(this.#slots) ?? new Set();
    runsToldTo.set(this.#slots, told);
    this.#isDayKnown ||= told.has(runId);
    told.add(runId);
    for (const { credits, intendedAtMs } of replaced) this.#restore(credits, intendedAtMs, undefined);
    for (const { phase, credits, intendedAtMs, prompt } of tasks) {
      if (phase === 'ended') this.#restore(credits, intendedAtMs, keyOf(prompt));
    }
  }

  /** As `restore`, where workers share a run: what is not over may be another's. */
  restoreShared({ tasks, replaced }: JournalHistory): void {
    for (const { credits } of replaced) this.#spent += credits;
    for (const task of tasks) this.heard(task);
  }

  /** A task of another worker is so by now. */
  heard({ key, round, phase, credits }: JournaledTask): void {
    const older = this.#elsewhere.get(key);
    // A prompt that is tried again costs what its tasks cost together.
    if (older?.isOver === true && older.round < round) this.#spent += older.credits;
    this.takenOver(key);
    if (phase === 'unsent') return;
    const isOver = phase === 'ended';
    this.#elsewhere.set(key, { round, credits, isOver, isAwaited: !isOver });
    this.#spentElsewhere += credits;
    if (!isOver) this.#awaited += 1;
  }

  /** As `giveUp`, for a task that we have left to the other workers: there may be none. */
  giveUpElsewhere(key: string): void {
    const counted = this.#elsewhere.get(key);
    if (counted?.isAwaited !== true) return;
    this.#elsewhere.set(key, { ...counted, isAwaited: false });
    this.#awaited -= 1;
  }

  /** What was counted for a task of another worker is not any more. */
  takenOver(key: string): void {
    const counted = this.#elsewhere.get(key);
    if (counted === undefined) return;
    this.#elsewhere.delete(key);
    this.#spentElsewhere -= counted.credits;
    if (counted.isAwaited) this.#awaited -= 1;
  }

  /** In the budget of the run. Counted, not summed up: sums of fractions may come to a little more than nothing. */
  #setAside(reservation: Reservation): void {
    this.#reserved += reservation.credits;
    reservation.isOfRun = true;
    reservation.isAwaited = reservation.credits > 0;
    if (reservation.isAwaited) this.#awaited += 1;
  }

  #restore(credits: number, intendedAtMs: number, key: unknown): void {
    this.#spent += credits;
    if (!this.#isDayKnown) this.#adjust(credits, this.#monotonic(intendedAtMs), key);
  }

  #adjust(delta: number, takenAtMs: number, key: unknown): void {
    if (delta === 0 || this.#clock.now() - takenAtMs > rememberedMs) return;
    for (const name of this.#quotas) this.#slots.adjust(name, delta, { takenAtMs, key });
  }

  /** An instant of the wall on the monotonic clock; one that is yet to come is now. */
  #monotonic(epochMs: number): number {
    return this.#clock.now() - Math.max(0, this.#clock.epochNow() - epochMs);
  }
}
