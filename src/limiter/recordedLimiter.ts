import type { Outcome } from '../limits/limit.js';
import type { Refusal } from '../refusal.js';
import type { Cost } from './cost.js';
import type { Explanation, LimiterSnapshot } from './events.js';
import type { Forecast, ForecastOptions } from './forecast.js';
import { Limiter, type AdjustOptions } from './limiter.js';
import type { LimiterParts } from './limiterParts.js';
import type { Tape } from './tape.js';
import type { Waiter } from './waiter.js';

/** A limiter that notes on a tape what is asked of it and what it decides. Waiters are numbered as they come. */
export class RecordedLimiter extends Limiter {
  readonly #tape: Tape;
  readonly #ids = new WeakMap<Waiter, number>();
  #entered = 0;

  constructor(parts: LimiterParts, tape: Tape) {
    super(parts);
    this.#tape = tape;
  }

  override enter(waiter: Waiter): void {
    const id = this.#entered++;
    this.#ids.set(waiter, id);
    this.#tape.note({ type: 'enter', id, cost: waiter.cost, place: waiter.place });
    super.enter(waiter);
  }

  override leave(waiter: Waiter): boolean {
    if (waiter.isQueued) this.#tape.note({ type: 'leave', id: this.#idOf(waiter) });
    return super.leave(waiter);
  }

  override release(cost: Cost, takenAtMs: number, outcome: Outcome, key?: unknown): void {
    this.#tape.note({ type: 'release', cost, takenAtMs, outcome, key });
    super.release(cost, takenAtMs, outcome, key);
  }

  override refund(cost: Cost, takenAtMs: number, key?: unknown): void {
    this.#tape.note({ type: 'refund', cost, takenAtMs, key });
    super.refund(cost, takenAtMs, key);
  }

  override admitWaiting(): void {
    this.#tape.note({ type: 'admitWaiting' });
    super.admitWaiting();
  }

  override coolDown(delayMs: number, options?: { readonly ramp?: boolean }): void {
    this.#tape.note({ type: 'coolDown', delayMs, options });
    super.coolDown(delayMs, options);
  }

  override refused(refusal: Refusal): void {
    this.#tape.note({ type: 'refused', refusal });
    super.refused(refusal);
  }

  override update(changes: Readonly<Record<string, unknown>>): void {
    this.#tape.note({ type: 'update', changes });
    super.update(changes);
  }

  override adjust(name: string, delta: number, options: AdjustOptions = {}): void {
    const { takenAtMs, key } = options;
    this.#tape.note({ type: 'adjust', name, delta, takenAtMs, key });
    super.adjust(name, delta, options);
  }

  override refusedSlot(cost: Cost, takenAtMs: number, key?: unknown): void {
    this.#tape.note({ type: 'refusedSlot', cost, takenAtMs, key });
    super.refusedSlot(cost, takenAtMs, key);
  }

  override grantedSlot(cost: Cost, takenAtMs: number, key?: unknown): void {
    this.#tape.note({ type: 'grantedSlot', cost, takenAtMs, key });
    super.grantedSlot(cost, takenAtMs, key);
  }

  override snapshot(): LimiterSnapshot {
    return this.#tape.unrecorded(() => super.snapshot());
  }

  override explain(id: unknown): Explanation | undefined {
    return this.#tape.unrecorded(() => super.explain(id));
  }

  override forecast(count: number, options?: ForecastOptions): Forecast {
    return this.#tape.unrecorded(() => super.forecast(count, options));
  }

  protected override start(waiter: Waiter, atMs: number): void {
    this.#tape.note({ type: 'admitted', id: this.#idOf(waiter), atMs });
    super.start(waiter, atMs);
    this.#tape.note({ type: 'returned' });
  }

  protected override drop(waiter: Waiter, error: Error): void {
    this.#tape.note({ type: 'dropped', id: this.#idOf(waiter) });
    super.drop(waiter, error);
    this.#tape.note({ type: 'returned' });
  }

  #idOf(waiter: Waiter): number {
    return this.#ids.get(waiter) ?? -1;
  }
}
