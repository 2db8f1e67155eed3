import type { Cancel } from '../clock.js';
import type { RetryBudget } from '../backoff/retryBudget.js';
import { OptionsError } from '../errors.js';
import type { Outcome } from '../limits/limit.js';
import { parseOptions } from '../options.js';
import type { Classify, Refusal } from '../refusal.js';
import { Acquisition, Run, type AcquireOptions, type Permit, type PromisedWaiter } from './acquisition.js';
import { Admissions, type LimiterParts } from './admissions.js';
import type { CoolDown } from './coolDown.js';
import type { Explanation, LimiterEvent, LimiterSnapshot } from './events.js';
import { forecast, forecastSchema, type Forecast, type ForecastOptions } from './forecast.js';
import { usageOf } from './usage.js';
import { placeOf, type Admission, type Admitter } from './waiter.js';

/**
 * A fair queue in front of any number of limits: work waits in the order in which it came, keys take turns, and it starts
 * as soon as all limits let it at once. Made by `createLimiter`; whoever holds it shares it.
 */
export class Limiter extends Admissions implements Admitter {
  /** What bounds the retries of all who share the limiter; `retryWithJitter({ limiter })` asks it. */
  readonly retryBudget: RetryBudget | undefined;
  readonly #coolDown: CoolDown;
  readonly #classify: Classify | undefined;

  constructor(parts: LimiterParts) {
    super(parts);
    this.retryBudget = parts.retryBudget;
    this.#coolDown = parts.coolDown;
    this.#classify = parts.classify;
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
    this.store.observeWall(nowMs);
    const limits = this.store.limits.filter((limit) => limit.kind !== 'gate').map((limit) => usageOf(limit, nowMs));
    return { active: this.active, waiting: this.waiting, limits, coolDownMs: this.#coolDownMs(nowMs) };
  }

  /** Why the work that was given this id waits; undefined where none of that id does. Takes a look at all who wait. */
  explain(id: unknown): Explanation | undefined {
    const nowMs = this.clock.now();
    const placeOfKey = new Map<unknown, number>();
    let ahead = 0;
    for (const waiter of this.queue.inOrder()) {
      const { key } = waiter.place;
      const place = placeOfKey.get(key) ?? 0;
      if (waiter.label === id) {
        const atMs = this.store.earliest(waiter.cost, nowMs, key);
        return { place, ahead, heldBy: this.store.heldBy?.name, atLeastMs: atMs - nowMs };
      }
      placeOfKey.set(key, place + 1);
      ahead++;
    }
    return undefined;
  }

  /**
   * When all that waits and `count` more would be done, and which limit binds: the limits themselves, run ahead of time.
   *
   * @throws OptionsError, also for a limit that cannot be copied; CostOverCapacityError
   */
  forecast(count: number, options: ForecastOptions = {}): Forecast {
    const coming = parseOptions(forecastSchema, { ...options, count }, 'forecast');
    this.store.check(coming.cost);
    const admission = { cost: coming.cost, place: placeOf({ key: coming.key }) };
    const waiting = this.queue.inOrder();
    function* work(): Generator<Admission> {
      yield* waiting;
      for (let i = 0; i < coming.count; i++) yield admission;
    }
    return forecast({
      limits: this.store.limits,
      nowMs: this.clock.now(),
      epochMs: this.clock.epochNow(),
      active: this.active,
      work: work(),
      taskMs: coming.taskMs,
    });
  }

  /**
   * Changes limits while work waits: the figures by the limits' names, as in `{ 'requests': { limit: 60 } }`. What can
   * never pass any more is refused with CostOverCapacityError.
   *
   * @throws OptionsError for an unknown name or a wrong figure; then nothing of that limit has changed
   */
  update(changes: Readonly<Record<string, unknown>>): void {
    const nowMs = this.clock.now();
    for (const [name, change] of Object.entries(changes)) {
      const limit = this.store.limits.find((it) => it.name === name);
      if (limit?.update === undefined) {
        const names = this.store.limits.filter((it) => it.update !== undefined).map((it) => `"${it.name}"`);
        throw new OptionsError(`update: no limit "${name}" that can be changed; there is ${names.join(', ')}`, name);
      }
      limit.update(change, nowMs);
    }
    this.dropImpossible();
    this.admit();
  }

  /**
   * Lets nobody start for `delayMs` at least. Then one goes first and the rest ramps up, unless `ramp` is false: for a
   * server that refused nobody, and only said when there is room again.
   */
  coolDown(delayMs: number, { ramp = true }: { readonly ramp?: boolean } = {}): void {
    if (!(delayMs >= 0 && delayMs < Infinity)) {
      throw new OptionsError(`coolDown: must be a span of at least 0 ms (got ${delayMs})`, 'delayMs');
    }
    const nowMs = this.clock.now();
    this.#coolDown.close(delayMs, nowMs, ramp);
    this.#cooled(nowMs);
  }

  /**
   * Tells the limiter that a server refused one of its requests. `too-fast` cools everybody: until the hint (a floor),
   * or by backoff, or for 30-60 s in a burst. Any other meaning is the caller's own affair and changes nothing here.
   */
  refused(refusal: Refusal): void {
    const nowMs = this.clock.now();
    if (this.announcer.isHeard) this.announcer.tell({ type: 'refused', atMs: nowMs, refusal });
    if (refusal.meaning !== 'too-fast') return;
    this.#coolDown.refuse(refusal, nowMs);
    this.#cooled(nowMs);
  }

  /** Tells `listener` what happens from now on. It is called in the midst of things: it must be quick and not throw. */
  on(listener: (event: LimiterEvent) => void): Cancel {
    return this.announcer.on(listener);
  }

  /** For operators: how work that failed with `error` has ended; a refusal is acted upon here. */
  outcomeOf(error: unknown, classify = this.#classify): Outcome {
    const refusal = classify && found(classify, error);
    if (refusal?.meaning !== 'too-fast' && refusal?.meaning !== 'no-slot') return 'failed';
    this.refused(refusal);
    return refusal.meaning;
  }

  #start(waiter: PromisedWaiter, signal: AbortSignal | undefined, reject: (reason: unknown) => void): void {
    try {
      signal?.throwIfAborted();
      this.enter(waiter);
      if (waiter.isQueued) waiter.listen();
    } catch (error) {
      reject(error);
    }
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

/** A classifier that throws is a mistake of the program: told as one, and the permit goes back all the same. */
function found(classify: Classify, error: unknown): Refusal | undefined {
  try {
    return classify(error);
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
    return undefined;
  }
}
