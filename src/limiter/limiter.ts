import type { Cancel } from '../clock.js';
import type { RetryBudget } from '../backoff/retryBudget.js';
import { OptionsError } from '../errors.js';
import type { Outcome } from '../limits/limit.js';
import { parseOptions } from '../options.js';
import { classified, type Classify, type Refusal } from '../refusal.js';
import { Acquisition, Run, type AcquireOptions, type Admitter, type Permit } from './acquisition.js';
import { Admissions } from './admissions.js';
import type { Gate } from './coolDown.js';
import { costIn, type Cost } from './cost.js';
import type { Explanation, LimiterEvent, LimiterSnapshot } from './events.js';
import { explain } from './explain.js';
import { forecast, forecastSchema, type Forecast, type ForecastOptions } from './forecast.js';
import type { LimiterParts } from './limiterParts.js';
import { namedLimit } from './namedLimit.js';
import { placeOf } from './place.js';
import { usageOf } from './usage.js';
import type { Admission } from './waiter.js';

export interface AdjustOptions {
  /** When it was taken, in ms on the limiter's clock; it may lie before the limiter was made. @defaultValue now */
  readonly takenAtMs?: number | undefined;
  /** Whose it is, where the limit is one per key. */
  readonly key?: unknown;
}

/**
 * A fair queue in front of any number of limits: work waits in the order in which it came, keys take turns, and it starts
 * as soon as all limits let it at once. Made by `createLimiter`; whoever holds it shares it.
 */
export class Limiter extends Admissions implements Admitter {
  /** True: its limits are kept in a `store`, with what other processes, and earlier ones, have taken of them. */
  readonly isShared: boolean;
  /** What bounds the retries of all who share the limiter; `retryWithJitter({ limiter })` asks it. */
  readonly retryBudget: RetryBudget | undefined;
  readonly #coolDown: Gate;
  readonly #classify: Classify | undefined;

  constructor(parts: LimiterParts) {
    super(parts);
    this.isShared = parts.isShared;
    this.retryBudget = parts.retryBudget;
    this.#coolDown = parts.coolDown;
    this.#classify = parts.classify;
  }

  /**
   * Runs `work` as soon as the limits let it, synchronously where they do now, and holds its permit until it has ended. It
   * runs in the caller's asynchronous context (AsyncLocalStorage, an active span), however long it has waited.
   * Rejects as the work does. An error that the limiter's `classify` finds to be `too-fast` cools everybody down.
   *
   * @throws (rejects with) OptionsError, CostOverCapacityError, QueueFullError, BudgetSpentError, StoreLostError, or
   *   the signal's reason while it waits
   */
  run<T>(work: () => T | PromiseLike<T>, options: AcquireOptions = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      new Run(this, work, resolve, reject, options).enter();
    });
  }

  /**
   * Waits for a permit. Whoever gets it must release it, once; `using permit = await limiter.acquire()` does.
   *
   * @throws (rejects with) OptionsError, CostOverCapacityError, QueueFullError, BudgetSpentError, StoreLostError, or
   *   the signal's reason while it waits
   */
  acquire(options: AcquireOptions = {}): Promise<Permit> {
    return new Promise<Permit>((resolve, reject) => {
      new Acquisition(this, resolve, reject, options).enter();
    });
  }

  /** How far each limit is used, who runs and who waits, now. */
  snapshot(): LimiterSnapshot {
    const nowMs = this.time.now();
    this.store.observeWall(nowMs);
    const limits = this.store.limits.filter((limit) => limit.kind !== 'gate').map((limit) => usageOf(limit, nowMs));
    return { active: this.active, waiting: this.waiting, limits, coolDownMs: this.#coolDownMs(nowMs) };
  }

  /** Why the work that was given this id waits; undefined where none of that id does. Takes a look at all who wait. */
  explain(id: unknown): Explanation | undefined {
    return explain(id, this.queue.inOrder(), this.store.limits, this.time);
  }

  /**
   * When all that waits and `count` more would be done, and which limit binds: the limits themselves, run ahead of time.
   *
   * @throws OptionsError, also for a limit that cannot be copied; CostOverCapacityError
   */
  forecast(count: number, options: ForecastOptions = {}): Forecast {
    const coming = parseOptions(forecastSchema, { ...options, count }, 'forecast');
    this.store.check(coming.cost, coming.key);
    const admission = { cost: coming.cost, place: placeOf({ key: coming.key }) };
    const waiting = this.queue.inOrder();
    function* work(): Generator<Admission> {
      yield* waiting;
      for (let i = 0; i < coming.count; i++) yield admission;
    }
    return forecast({
      limits: this.store.limits,
      nowMs: this.time.now(),
      epochMs: this.time.epochNow(),
      active: this.active,
      work: work(),
      taskMs: coming.taskMs,
    });
  }

  /**
   * Changes limits while work waits: the figures by the limits' names, as in `{ 'requests': { limit: 60 } }`. What can
   * never pass any more is refused with CostOverCapacityError.
   *
   * @throws OptionsError for an unknown name or a wrong figure; then nothing of that limit has changed, nor of those after it
   */
  update(changes: Readonly<Record<string, unknown>>): void {
    const nowMs = this.time.now();
    try {
      for (const [name, change] of Object.entries(changes)) {
        namedLimit(this.store.limits, name, 'update').update?.(change, nowMs);
      }
    } finally {
      // Where one of several is wrong, those before it have changed.
      this.dropImpossible();
      this.queue.unparkAll();
      this.admit();
    }
  }

  /**
   * Settles a quota: what was taken at `takenAtMs` has turned out to cost `delta` more or, negative, less than it took,
   * before its release or after. The date that pays is that of `takenAtMs`, on the limiter's clock, which may lie before
   * the limiter was made: so an earlier process's spending is told. A quota may go over its limit by it; what it gives
   * back lets those who wait go.
   *
   * A `budget` that refuses gives up who waits once nothing runs, of the key where each has one: settle before the release.
   *
   * @throws OptionsError for a name that is none of a quota, and for figures that are not finite
   */
  adjust(name: string, delta: number, { takenAtMs, key }: AdjustOptions = {}): void {
    const nowMs = this.time.now();
    const atMs = takenAtMs ?? nowMs;
    const limit = namedLimit(this.store.limits, name, 'adjust');
    if (!Number.isFinite(delta)) throw new OptionsError(`adjust: must be a finite number (got ${delta})`, 'delta');
    if (!Number.isFinite(atMs)) throw new OptionsError(`adjust: must be a finite instant (got ${atMs})`, 'takenAtMs');
    this.store.observeWall(nowMs);
    this.reports.usedOtherwise(limit, nowMs, key, () => limit.adjust?.(delta, atMs, nowMs, key));
    this.queue.unpark(key);
    if (this.waiting > 0) this.admit();
  }

  /**
   * Tells the limits that learn (`adaptiveConcurrency`) that a server had no slot for work that was admitted at
   * `takenAtMs`, and that it keeps its permit and will try again: until `grantedSlot`, or its end, it is the probe, and
   * nothing rises. To be told at each refusal. Work that gives its permit back is released as `no-slot` instead.
   *
   * @param takenAtMs the instant of its admission, or what the limiter's clock showed as the work started
   */
  refusedSlot(cost: Cost, takenAtMs: number, key?: unknown): void {
    const nowMs = this.time.now();
    for (const limit of this.store.limits) limit.refused?.(costIn(limit, cost), takenAtMs, nowMs, key);
  }

  /** Tells them that it has its slot now. Where nobody says so, its release does, by when it may have run for long. */
  grantedSlot(cost: Cost, takenAtMs: number, key?: unknown): void {
    const nowMs = this.time.now();
    for (const limit of this.store.limits) limit.granted?.(costIn(limit, cost), takenAtMs, nowMs, key);
    this.queue.unpark(key);
    if (this.waiting > 0) this.admit();
  }

  /**
   * Lets nobody start for `delayMs` at least. Then one goes first and the rest ramps up, unless `ramp` is false: for a
   * server that refused nobody, and only said when there is room again.
   */
  coolDown(delayMs: number, { ramp = true }: { readonly ramp?: boolean } = {}): void {
    if (!(delayMs >= 0 && delayMs < Infinity)) {
      throw new OptionsError(`coolDown: must be a span of at least 0 ms (got ${delayMs})`, 'delayMs');
    }
    const nowMs = this.time.now();
    this.#coolDown.close(delayMs, nowMs, ramp);
    this.#cooled(nowMs);
  }

  /**
   * Tells the limiter that a server refused one of its requests. `too-fast` cools everybody: until the hint (a floor),
   * or by backoff, or for 30-60 s in a burst. Any other meaning is the caller's own affair and changes nothing here.
   */
  refused(refusal: Refusal): void {
    const nowMs = this.time.now();
    if (this.announcer.isHeard) this.announcer.tell({ type: 'refused', atMs: nowMs, refusal });
    if (refusal.meaning !== 'too-fast') return;
    this.#coolDown.refuse(refusal, nowMs);
    this.#cooled(nowMs);
  }

  /**
   * Tells `listener` what happens from now on. It is called in the midst of things and must be quick; what it throws is
   * thrown on its own, and stops nothing.
   */
  on(listener: (event: LimiterEvent) => void): Cancel {
    return this.announcer.on(listener);
  }

  /** For operators: how work that failed with `error` has ended; a refusal is acted upon here. */
  outcomeOf(error: unknown, classify = this.#classify): Outcome {
    const refusal = classify && classified(classify, error);
    if (refusal?.meaning !== 'too-fast' && refusal?.meaning !== 'no-slot') return 'failed';
    this.refused(refusal);
    return refusal.meaning;
  }

  #coolDownMs(nowMs: number): number {
    return (this.#coolDown.closedUntil(nowMs) ?? nowMs) - nowMs;
  }

  #cooled(nowMs: number): void {
    if (this.announcer.isHeard) {
      this.announcer.tell({ type: 'cooled', atMs: nowMs, coolDownMs: this.#coolDownMs(nowMs) });
    }
    if (this.waiting > 0) this.admit();
  }
}
