import type { Clock } from '../clock.js';
import { QueueFullError, type BudgetSpentError, type CostOverCapacityError } from '../errors.js';
import type { Limit, Outcome } from '../limits/limit.js';
import { WakeUp } from '../wakeUp.js';
import { AdmissionReports } from './admissionReports.js';
import { Announcer } from './announcer.js';
import type { Cost } from './cost.js';
import { FairQueue } from './fairQueue.js';
import type { LimiterParts } from './limiterParts.js';
import type { Overflow } from './queueSettings.js';
import type { AdmissionStore, Applicants } from './store.js';
import { unpayable } from './unpayable.js';
import type { Waiter } from './waiter.js';

/** While work waits for what follows a calendar, the wall is looked at again this often, in ms: it may have been set. */
const wallLookMs = 600_000;

/**
 * Who waits and in which order: a fair queue in front of a store of limits. The half of a limiter that operators use.
 *
 * Nothing here makes a promise; a wait holds one timer for all who wait, an idle limiter none.
 */
export class Admissions {
  /** For others to read: what they do with it decides nothing here, and is in no record. */
  readonly clock: Clock;
  protected readonly time: Clock;
  protected readonly store: AdmissionStore;
  protected readonly queue = new FairQueue();
  protected readonly announcer = new Announcer(this);
  protected readonly reports: AdmissionReports;
  readonly #maxSize: number;
  readonly #overflow: Overflow;
  /** The limits that may say Infinity for good. */
  readonly #budgets: readonly Limit[];
  /** When to look at the wall again; Infinity: nothing follows it. */
  #lookAtMs: number;
  #active = 0;
  #isAdmitting = false;
  /** Who came while others were admitted, and found the queue full. */
  #unsettled: Waiter[] = [];
  /** While nothing can start before a release: the priority of whom that holds; whoever is above it is tried. */
  #heldPriority: number | undefined = undefined;
  readonly #wakeUp: WakeUp;
  /** When the last decision was made. */
  #decidedAtMs = 0;

  constructor({ clock, time, store, coolDown, queue, warnAt }: LimiterParts) {
    this.clock = clock;
    this.time = time;
    this.#wakeUp = new WakeUp(this.time, () => this.admit());
    this.store = store;
    this.#maxSize = queue.maxSize;
    this.#overflow = queue.overflow;
    const { announcer } = this;
    this.reports = new AdmissionReports({ announcer, queue: this.queue, limits: store.limits, coolDown, warnAt });
    this.#budgets = store.limits.filter((limit) => limit.left !== undefined);
    this.#lookAtMs = store.limits.some((limit) => limit.observeWall !== undefined) ? -Infinity : Infinity;
    store.serve?.(this.#applicants());
  }

  /** How much work has started and not ended. */
  get active(): number {
    return this.#active;
  }

  /** How much work waits. */
  get waiting(): number {
    return this.queue.size;
  }

  /** @throws CostOverCapacityError for a cost that could never pass, however long it waits */
  check(cost: Cost, key?: unknown): void {
    this.store.check(cost, key);
  }

  /**
   * Queues a waiter, or admits it on the spot. It is never admitted from within another's `admitted`, but right after, so
   * that work which starts work needs no stack. From there, a full queue is told by `dropped`, never thrown: only then is
   * it known whether there was room. What a spent budget gives up is told by `dropped`, too.
   *
   * @throws CostOverCapacityError, QueueFullError, OptionsError for a key that cannot be shared; then the waiter is not queued
   */
  enter(waiter: Waiter): void {
    this.check(waiter.cost, waiter.place.key);
    this.queue.push(waiter);
    if (this.#heldPriority === undefined || waiter.place.priority > this.#heldPriority) this.admit();
    if (waiter.isQueued) this.store.arrived?.(waiter);
    if (!waiter.isQueued) return;
    this.reports.tell('waiting', this.#decidedAtMs, waiter.cost);
    if (this.waiting <= this.#maxSize) return;
    if (this.#isAdmitting) this.#unsettled.push(waiter);
    else this.#shed(waiter);
  }

  /** Gives up a place in the queue. False where the waiter has none any more. */
  leave(waiter: Waiter): boolean {
    if (!waiter.isQueued) return false;
    this.#giveUp(waiter);
    return true;
  }

  /**
   * Ends the work that a waiter was admitted for at `takenAtMs`; exactly once each. What that makes room for starts at the
   * next `admitWaiting`, which must follow: between the two a result can be passed on.
   */
  release(cost: Cost, takenAtMs: number, outcome: Outcome, key?: unknown): void {
    this.#active--;
    this.store.release(cost, takenAtMs, this.time.now(), outcome, key);
    this.queue.unpark(key);
  }

  /** As `release`, for work that never started: it counts as if it had not been admitted. */
  refund(cost: Cost, takenAtMs: number, key?: unknown): void {
    this.#active--;
    this.store.refund(cost, takenAtMs, key);
    this.queue.unpark(key);
  }

  /** Admits who waits and may start now, until somebody must wait. */
  admitWaiting(): void {
    if (this.queue.size > 0) this.admit();
  }

  protected admit(): void {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    let wakeAtMs = Infinity;
    try {
      do {
        this.#heldPriority = undefined;
        wakeAtMs = this.#admitUntilHeld();
        // With nothing to wait for, neither an instant nor an end, only a budget that is spent is in the way.
      } while (wakeAtMs === Infinity && this.#active === 0 && this.queue.size > 0 && this.#dropUnpayable());
    } finally {
      this.#isAdmitting = false;
      this.#wakeUp.at(wakeAtMs === Infinity ? Infinity : Math.min(wakeAtMs, this.#lookAtMs));
    }
    if (this.#unsettled.length > 0) this.#settle();
  }

  /** A decision has been made: the waiter's work starts. */
  protected start(waiter: Waiter, atMs: number): void {
    waiter.admitted(atMs);
  }

  /** A waiter is given up. */
  protected drop(waiter: Waiter, error: Error): void {
    waiter.dropped(error);
  }

  /** Gives up those who can never pass any more. */
  protected dropImpossible(): void {
    for (const waiter of [...this.queue.inOrder()]) {
      // One that was given up may have taken others of its stream along.
      if (!waiter.isQueued) continue;
      try {
        this.check(waiter.cost, waiter.place.key);
      } catch (error) {
        this.queue.remove(waiter);
        this.drop(waiter, error as CostOverCapacityError);
      }
    }
  }

  /** Admits one after the other; returns when to look again, Infinity for not before something happens. */
  #admitUntilHeld(): number {
    for (;;) {
      const nowMs = (this.#decidedAtMs = this.time.now());
      this.#lookAtWall(nowMs);
      const unparkAtMs = this.queue.unparkDue(nowMs);
      const waiter = this.queue.next();
      if (waiter === undefined) return unparkAtMs;
      const { cost, place } = waiter;
      const atMs = this.store.tryAdmit(cost, nowMs, place.key);
      if (atMs <= nowMs) {
        this.queue.serve(waiter);
        this.#active++;
        this.reports.admitted(waiter, nowMs);
        this.start(waiter, nowMs);
      } else if (this.store.heldBy?.isKeyed === true) {
        const error = atMs === Infinity ? this.#unpayableByItsKey(waiter, nowMs) : undefined;
        if (error === undefined) this.queue.park(waiter, atMs);
        else this.#discard(waiter, error);
      } else {
        if (atMs === Infinity) this.#heldPriority = place.priority;
        // A key of higher priority may be back before that, with work that fits.
        return Math.min(atMs, unparkAtMs);
      }
    }
  }

  /** A machine that sleeps holds up timers, but not the wall: what waits for a new day asks again, that of a key too. */
  #lookAtWall(nowMs: number): void {
    if (nowMs < this.#lookAtMs) return;
    this.#lookAtMs = nowMs + wallLookMs;
    this.queue.unparkAll();
  }

  #applicants(): Applicants {
    const { queue } = this;
    return {
      get waiting() {
        return queue.size;
      },
      inOrder: () => queue.inOrder(),
      admit: (keys) => {
        for (const key of keys) queue.unpark(key);
        this.admit();
      },
      drop: (waiter, error) => this.#discard(waiter, error),
      dropImpossible: () => this.dropImpossible(),
      tell: (event) => this.announcer.tell(event),
    };
  }

  /** While nothing runs: gives up those who cost more than a budget has left. False where nobody does. */
  #dropUnpayable(): boolean {
    if (this.#budgets.length === 0) return false;
    let hasDropped = false;
    for (const waiter of [...this.queue.inOrder()]) {
      // One that was given up may have taken others of its stream along.
      const error = waiter.isQueued ? unpayable(this.#budgets, waiter, this.time.now()) : undefined;
      if (error === undefined) continue;
      hasDropped = true;
      this.#discard(waiter, error);
    }
    return hasDropped;
  }

  /** What others run gives nothing back to a budget of the waiter's own key. */
  #unpayableByItsKey(waiter: Waiter, nowMs: number): BudgetSpentError | undefined {
    const ofItsKey = this.#budgets.filter((limit) => limit.runs?.(waiter.place.key) === false);
    return unpayable(ofItsKey, waiter, nowMs);
  }

  #discard(waiter: Waiter, error: Error): void {
    this.queue.remove(waiter);
    this.reports.tell('dropped', this.#decidedAtMs, waiter.cost);
    this.drop(waiter, error);
  }

  /** Only the first of its key stands in anybody's way; where nobody is left, the wait itself ends. */
  #giveUp(waiter: Waiter): void {
    if (this.queue.remove(waiter)) this.admit();
    this.store.left?.();
  }

  #shed(newcomer: Waiter): void {
    const given = this.#overflow === 'drop-oldest' ? this.queue.oldestOfSame(newcomer) : newcomer;
    const error = new QueueFullError(this.#maxSize, this.#overflow !== 'error');
    this.#giveUp(given);
    this.reports.tell('dropped', this.#decidedAtMs, given.cost);
    if (this.#overflow === 'error') throw error;
    this.drop(given, error);
  }

  #settle(): void {
    // The last to come are the first to go.
    const unsettled = this.#unsettled.reverse();
    this.#unsettled = [];
    for (const waiter of unsettled) {
      if (!waiter.isQueued || this.waiting <= this.#maxSize) continue;
      try {
        this.#shed(waiter);
      } catch (error) {
        this.drop(waiter, error as QueueFullError);
      }
    }
  }
}
