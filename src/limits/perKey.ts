import { OptionsError } from '../errors.js';
import type { Limit, Outcome, Usage } from './limit.js';

/**
 * A limit for each key alone, beside those for all: `perKey(() => concurrency({ limit: 2 }))` lets each user have two of
 * the account's slots at most. A key that its own limit holds back never stands in another's way. A key costs memory only
 * while something of it counts.
 *
 * @param make a new limit for a key; called with `undefined` once at first, and for work without a key
 * @throws OptionsError
 */
export function perKey(make: (key: unknown) => Limit): Limit {
  if (typeof make !== 'function') throw new OptionsError('perKey: must be a function that makes a limit', '');
  return new PerKey(make);
}

class PerKey implements Limit {
  readonly name: string;
  readonly kind: Limit['kind'];
  readonly isKeyed = true;
  readonly #make: (key: unknown) => Limit;
  /** What a key that nothing counts of would answer. */
  readonly #fresh: Limit;
  readonly #limits = new Map<unknown, Limit>();
  /** Keys that may have come to rest, the longest unchecked first. */
  readonly #fading = new Set<unknown>();
  #wall: { readonly epochMs: number; readonly nowMs: number } | undefined = undefined;

  constructor(make: (key: unknown) => Limit) {
    this.#make = make;
    this.#fresh = make(undefined);
    this.name = `${this.#fresh.name} per key`;
    this.kind = this.#fresh.kind;
  }

  get capacity(): number {
    return this.#fresh.capacity;
  }

  observeWall(epochMs: number, nowMs: number): void {
    this.#wall = { epochMs, nowMs };
  }

  earliest(cost: number, nowMs: number, key: unknown): number {
    return this.#told(this.#limits.get(key) ?? this.#fresh).earliest(cost, nowMs, key);
  }

  take(cost: number, nowMs: number, key: unknown): void {
    this.#forgetOne(nowMs);
    let limit = this.#limits.get(key);
    if (limit === undefined) this.#limits.set(key, (limit = this.#make(key)));
    this.#told(limit).take(cost, nowMs, key);
    this.#fading.add(key);
  }

  release(cost: number, takenAtMs: number, nowMs: number, outcome: Outcome, key: unknown): void {
    const limit = this.#limits.get(key);
    if (limit === undefined) return;
    limit.release(cost, takenAtMs, nowMs, outcome, key);
    if (this.#told(limit).usage(nowMs).used === 0) this.#forget(key);
  }

  refund(cost: number, takenAtMs: number, key: unknown): void {
    const limit = this.#limits.get(key);
    if (limit !== undefined) this.#told(limit).refund(cost, takenAtMs, key);
  }

  /** That of the key which has used most. */
  usage(nowMs: number): Usage {
    let most = this.#told(this.#fresh).usage(nowMs);
    for (const limit of this.#limits.values()) {
      const usage = this.#told(limit).usage(nowMs);
      if (usage.used > most.used) most = usage;
    }
    return most;
  }

  #told(limit: Limit): Limit {
    if (this.#wall !== undefined) limit.observeWall?.(this.#wall.epochMs, this.#wall.nowMs);
    return limit;
  }

  /** Looks after one key a step: what was used long ago leaves without a timer or a sweep. */
  #forgetOne(nowMs: number): void {
    const [key] = this.#fading;
    if (this.#fading.size === 0) return;
    this.#fading.delete(key);
    const limit = this.#limits.get(key);
    if (limit === undefined) return;
    if (this.#told(limit).usage(nowMs).used === 0) this.#limits.delete(key);
    else this.#fading.add(key);
  }

  #forget(key: unknown): void {
    this.#limits.delete(key);
    this.#fading.delete(key);
  }
}
