import { monotonic, type Cancel, type Clock } from '../clock.js';
import { OptionsError, QueueFullError } from '../errors.js';
import type { Outcome } from '../limits/limit.js';
import type { Classify, Refusal } from '../refusal.js';
import { Acquisition, Run, type AcquireOptions, type Permit } from './acquisition.js';
import type { CoolDown } from './coolDown.js';
import type { LimiterEvent, LimiterSnapshot } from './events.js';
import { FairQueue } from './fairQueue.js';
import type { AdmissionStore } from './store.js';
import { UsageAlarm, usageOf } from './usage.js';
import type { Admitter, Cost, Waiter } from './waiter.js';

/**
 * What a full queue does with one more: refuse it with an error; give up the longest waiting of the same key, or, where
 * that has none waiting, the one whose turn comes next; give up the new one.
 */
export type Overflow = 'error' | 'drop-oldest' | 'drop-newest';

/** What a limiter is made of; `createLimiter` fills it in. */
export interface LimiterParts {
  readonly store: AdmissionStore;
  readonly coolDown: CoolDown;
  readonly clock: Clock;
  readonly queue: { readonly maxSize: number; readonly overflow: Overflow };
  readonly warnAt: number;
  readonly classify: Classify | undefined;
}

/**
 * A fair queue in front of a store of limits: work waits in the order in which it came, and starts as soon as all limits
 * let it at once. Made by `createLimiter`; whoever holds it shares it.
 *
 * Nothing here makes a promise but `run` and `acquire` for their callers; a wait holds one timer for all who wait, an
 * idle limiter none.
 */
export class Limiter implements Admitter {
  readonly clock: Clock;
  readonly #store: AdmissionStore;
  readonly #coolDown: CoolDown;
  readonly #maxSize: number;
  readonly #overflow: Overflow;
  readonly #classify: Classify | undefined;
  readonly #queue = new FairQueue();
  readonly #listeners = new Set<(event: LimiterEvent) => void>();
  readonly #alarm: UsageAlarm;
  #active = 0;
  #isAdmitting = false;
  #wakeAtMs = Infinity;
  #cancelWake: Cancel | undefined;

  constructor(parts: LimiterParts) {
    this.clock = monotonic(parts.clock);
    this.#store = parts.store;
    this.#coolDown = parts.coolDown;
    this.#maxSize = parts.queue.maxSize;
    this.#overflow = parts.queue.overflow;
    this.#classify = parts.classify;
    this.#alarm = new UsageAlarm(parts.warnAt);
  }

  /** How much work has started and not ended. */
  get active(): number {
    return this.#active;
  }

  /** How much work waits. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Runs `work` as soon as the limits let it, synchronously where they do now, and holds its permit until it has ended.
   * Rejects as the work does. An error that the limiter's `classify` finds to be `too-fast` cools everybody down.
   *
   * @throws (rejects with) CostOverCapacityError, QueueFullError, or the signal's reason while it waits
   */
  run<T>(work: () => T | PromiseLike<T>, options: AcquireOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#start(new Run(this, work, resolve, reject, options), options.signal, reject);
    });
  }

  /**
   * Waits for a permit. Whoever gets it must release it, once; `using permit = await limiter.acquire()` does.
   *
   * @throws (rejects with) CostOverCapacityError, QueueFullError, or the signal's reason while it waits
   */
  acquire(options: AcquireOptions = {}): Promise<Permit> {
    return new Promise<Permit>((resolve, reject) => {
      this.#start(new Acquisition(this, resolve, reject, options), options.signal, reject);
    });
  }

  /** How far each limit is used, who runs and who waits, now. */
  snapshot(): LimiterSnapshot {
    const nowMs = this.clock.now();
    this.#store.observeWall(nowMs);
    const limits = this.#store.limits.filter((limit) => limit.kind !== 'gate').map((limit) => usageOf(limit, nowMs));
    return { active: this.#active, waiting: this.waiting, limits, coolDownMs: this.#coolDownMs(nowMs) };
  }

  /** Lets nobody start for `delayMs` at least; then one goes first, and the rest ramps up. */
  coolDown(delayMs: number): void {
    if (!(delayMs >= 0 && delayMs < Infinity)) {
      throw new OptionsError(`coolDown: must be a span of at least 0 ms (got ${delayMs})`, 'delayMs');
    }
    const nowMs = this.clock.now();
    this.#coolDown.close(delayMs, nowMs);
    this.#cooled(nowMs);
  }

  /**
   * Tells the limiter that a server refused one of its requests. `too-fast` cools everybody: until the hint (a floor),
   * or by backoff, or for 30-60 s in a burst. Any other meaning is the caller's own affair and changes nothing here.
   */
  refused(refusal: Refusal): void {
    const nowMs = this.clock.now();
    this.#tell(() => ({ type: 'refused', atMs: nowMs, refusal }));
    if (refusal.meaning !== 'too-fast') return;
    this.#coolDown.refuse(refusal, nowMs);
    this.#cooled(nowMs);
  }

  /** Tells `listener` what happens from now on. It is called in the midst of things: it must be quick and not throw. */
  on(listener: (event: LimiterEvent) => void): Cancel {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws CostOverCapacityError for a cost that could never pass, however long it waits */
  check(cost: Cost): void {
    this.#store.check(cost);
  }

  /**
   * For operators: queues a waiter, or admits it on the spot. It is never admitted from within another's `admitted`,
   * but right after, so that work which starts work needs no stack.
   *
   * @throws CostOverCapacityError, QueueFullError; then the waiter is not queued
   */
  enter(waiter: Waiter): void {
    this.check(waiter.cost);
    this.#queue.push(waiter);
    this.#admit();
    if (!waiter.isQueued) return;
    this.#tell((atMs) => ({ type: 'waiting', atMs, waiting: this.waiting, cost: waiter.cost }));
    if (this.#queue.size > this.#maxSize) this.#shed(waiter);
  }

  /** For operators: gives up a place in the queue. False where the waiter has none any more. */
  leave(waiter: Waiter): boolean {
    if (!waiter.isQueued) return false;
    // Only the first of its key stands in anybody's way; where nobody is left, the wait itself ends.
    if (this.#queue.remove(waiter)) this.#admit();
    return true;
  }

  /**
   * For operators: ends the work that a waiter was admitted for at `takenAtMs`; exactly once each. What that makes room
   * for starts at the next `admitWaiting`, which must follow: between the two a result can be passed on.
   */
  release(cost: Cost, takenAtMs: number, outcome: Outcome, key?: unknown): void {
    this.#active--;
    this.#store.release(cost, takenAtMs, this.clock.now(), outcome, key);
    this.#queue.unpark(key);
  }

  /** For operators: as `release`, for work that never started: it counts as if it had not been admitted. */
  refund(cost: Cost, takenAtMs: number, key?: unknown): void {
    this.#active--;
    this.#store.refund(cost, takenAtMs, key);
    this.#queue.unpark(key);
  }

  /** For operators: admits who waits and may start now, until somebody must wait. */
  admitWaiting(): void {
    if (this.#queue.size > 0) this.#admit();
  }

  /** For operators: how work that failed with `error` has ended; a refusal is acted upon here. */
  outcomeOf(error: unknown): Outcome {
    const refusal = this.#classify?.(error);
    if (refusal === undefined) return 'failed';
    if (refusal.meaning !== 'too-fast' && refusal.meaning !== 'no-slot') return 'failed';
    this.refused(refusal);
    return refusal.meaning;
  }

  #start(waiter: Waiter, signal: AbortSignal | undefined, reject: (reason: unknown) => void): void {
    try {
      signal?.throwIfAborted();
      this.enter(waiter);
    } catch (error) {
      reject(error);
    }
  }

  #admit(): void {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    let wakeAtMs = Infinity;
    try {
      wakeAtMs = this.#admitUntilHeld();
    } finally {
      this.#isAdmitting = false;
      this.#wakeAt(wakeAtMs);
    }
  }

  /** Admits one after the other; returns when to look again, Infinity for not before something happens. */
  #admitUntilHeld(): number {
    for (;;) {
      const nowMs = this.clock.now();
      const unparkAtMs = this.#queue.unparkDue(nowMs);
      const waiter = this.#queue.next();
      if (waiter === undefined) return unparkAtMs;
      const { cost, place } = waiter;
      const atMs = this.#store.tryAdmit(cost, nowMs, place.key);
      if (atMs <= nowMs) {
        this.#queue.serve(waiter);
        this.#active++;
        if (this.#listeners.size > 0) this.#tellAdmitted(nowMs, cost);
        waiter.admitted(nowMs);
      } else if (this.#store.heldBy?.isKeyed === true) this.#queue.park(waiter, atMs);
      else return atMs;
    }
  }

  #wakeAt(atMs: number): void {
    if (atMs === this.#wakeAtMs) return;
    this.#wakeAtMs = atMs;
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    if (atMs === Infinity) return;
    this.#cancelWake = this.clock.schedule(atMs - this.clock.now(), () => {
      this.#wakeAtMs = Infinity;
      this.#cancelWake = undefined;
      this.#admit();
    });
  }

  #shed(newcomer: Waiter): void {
    const error = new QueueFullError(this.#maxSize);
    const given = this.#overflow === 'drop-oldest' ? this.#queue.oldestOfSame(newcomer) : newcomer;
    this.leave(given);
    this.#tell((atMs) => ({ type: 'dropped', atMs, waiting: this.waiting, cost: given.cost }));
    if (this.#overflow === 'error') throw error;
    given.dropped(error);
  }

  #coolDownMs(nowMs: number): number {
    return (this.#coolDown.closedUntil(nowMs) ?? nowMs) - nowMs;
  }

  #cooled(nowMs: number): void {
    this.#tell(() => ({ type: 'cooled', atMs: nowMs, coolDownMs: this.#coolDownMs(nowMs) }));
    this.admitWaiting();
  }

  #tellAdmitted(atMs: number, cost: Cost): void {
    this.#tell(() => ({ type: 'admitted', atMs, waiting: this.waiting, cost }));
    for (const usage of this.#alarm.check(this.#store.limits, atMs))
      this.#tell(() => ({ type: 'warning', atMs, usage }));
  }

  #tell(event: (atMs: number) => LimiterEvent): void {
    if (this.#listeners.size === 0) return;
    const told = event(this.clock.now());
    for (const listener of this.#listeners) listener(told);
  }
}
