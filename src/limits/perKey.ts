import { OptionsError } from '../errors.js';
import { copyOf, type Limit, type LimitFigures, type Outcome, type Usage } from './limit.js';

/**
 * A limit for each key alone, beside those for all: `perKey(() => concurrency({ limit: 2 }))` lets each user have two of
 * the account's slots at most. A key that its own limit holds back never stands in another's way. A key costs memory only
 * while something of it counts; but a `tokenBucket` with an `initial` below its capacity is kept for good, since a new one
 * would hold less.
 *
 * @param make a new limit for a key; called with `undefined` once at first, and for work without a key
 * @throws OptionsError
 */
export function perKey(make: (key: unknown) => Limit): Limit {
  if (typeof make !== 'function') throw new OptionsError('perKey: must be a function that makes a limit', '');
  return new PerKey(make);
}

/** A key of which something counts, or that waits to be let in. */
interface Entry {
  readonly limit: Limit;
  /** How much of its work has started and not ended. */
  works: number;
}

class PerKey implements Limit {
  readonly name: string;
  readonly kind: Limit['kind'];
  readonly isKeyed = true;
  /** As a key's limit has them. */
  readonly adjust?: NonNullable<Limit['adjust']>;
  readonly refused?: NonNullable<Limit['refused']>;
  readonly granted?: NonNullable<Limit['granted']>;
  readonly left?: NonNullable<Limit['left']>;
  readonly observeWall?: NonNullable<Limit['observeWall']>;
  readonly describe?: (key?: unknown) => LimitFigures;
  readonly #make: (key: unknown) => Limit;
  readonly #entries = new Map<unknown, Entry>();
  /** What a key's limit is like: for name, kind and capacity. */
  readonly #sample: Limit;
  /** Goes round the entries, one a step, for those that have come to rest. */
  #sweep = this.#entries.entries();
  #change: object | undefined = undefined;
  /** The last one made, until something of its key counts. */
  #made: { readonly key: unknown; readonly limit: Limit } | undefined = undefined;
  #wall: { readonly epochMs: number; readonly nowMs: number } | undefined = undefined;

  constructor(make: (key: unknown) => Limit) {
    const sample = make(undefined);
    this.#make = make;
    this.#sample = sample;
    this.name = `${sample.name} per key`;
    this.kind = sample.kind;
    if (sample.adjust !== undefined) this.adjust = (...settled) => this.#adjust(...settled);
    if (sample.refused !== undefined) this.refused = (...work) => this.#limitOf(work[3])?.refused?.(...work);
    if (sample.granted !== undefined) this.granted = (...work) => this.#limitOf(work[3])?.granted?.(...work);
    if (sample.describe !== undefined) this.describe = (key) => this.#figuresOf(key);
    if (sample.observeWall !== undefined) this.observeWall = (epochMs, nowMs) => void (this.#wall = { epochMs, nowMs });
    if (sample.left !== undefined) this.left = (key) => (this.#limitOf(key) ?? sample).left?.(key) ?? 0;
  }

  get capacity(): number {
    return this.#sample.capacity;
  }

  *running(): Generator {
    for (const [key, { works }] of this.#entries) for (let work = 0; work < works; work++) yield key;
  }

  runs(key: unknown): boolean {
    return (this.#entries.get(key)?.works ?? 0) > 0;
  }

  capacityOf(key: unknown): number {
    return this.#limitFor(key).capacity;
  }

  earliest(cost: number, nowMs: number, key: unknown): number {
    return this.#told(this.#entryOf(key, nowMs).limit).earliest(cost, nowMs, key);
  }

  take(cost: number, nowMs: number, key: unknown): void {
    const entry = this.#entryOf(key, nowMs);
    entry.works++;
    this.#told(entry.limit).take(cost, nowMs, key);
    this.#sweepOne(nowMs);
  }

  release(cost: number, takenAtMs: number, nowMs: number, outcome: Outcome, key: unknown): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.works--;
    this.#told(entry.limit).release(cost, takenAtMs, nowMs, outcome, key);
    this.#forgetIfAtRest(key, entry, nowMs);
  }

  refund(cost: number, takenAtMs: number, key: unknown): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    entry.works--;
    this.#told(entry.limit).refund(cost, takenAtMs, key);
  }

  /** What an earlier process has spent may be of a key that nothing is known of yet. */
  #adjust(delta: number, takenAtMs: number, nowMs: number, key?: unknown): void {
    const entry = this.#entryOf(key, nowMs);
    this.#told(entry.limit).adjust?.(delta, takenAtMs, nowMs, key);
    this.#forgetIfAtRest(key, entry, nowMs);
  }

  /** That of the key which has used most. */
  usage(nowMs: number): Usage {
    let most: Usage | undefined;
    for (const { limit } of this.#entries.values()) {
      const usage = this.#told(limit).usage(nowMs);
      if (most === undefined || usage.used > most.used) most = usage;
    }
    return most ?? this.#told(this.#sample).usage(nowMs);
  }

  usageOf(key: unknown, nowMs: number): Usage {
    return this.#told(this.#limitOf(key) ?? this.#sample).usage(nowMs);
  }

  /** Changes every key's limit, and those to come. */
  update(change: unknown, nowMs?: number): void {
    this.#made = undefined;
    // Nobody has asked it yet, no more than those to come.
    this.#sample.update?.(change);
    for (const { limit } of this.#entries.values()) limit.update?.(change, nowMs);
    this.#change = Object.assign({}, this.#change, change);
  }

  copy(): PerKey {
    const copy = new PerKey(this.#make);
    if (this.#change !== undefined) copy.update(this.#change);
    for (const [key, { limit, works }] of this.#entries) copy.#entries.set(key, { limit: copyOf(limit), works });
    copy.#wall = this.#wall;
    return copy;
  }

  #figuresOf(key: unknown): LimitFigures {
    const limit = key === undefined ? this.#sample : this.#newLimit(key);
    return limit.describe!(key);
  }

  #limitOf(key: unknown): Limit | undefined {
    return this.#entries.get(key)?.limit;
  }

  #entryOf(key: unknown, nowMs: number): Entry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    this.#sweepOne(nowMs);
    const entry = { limit: this.#limitFor(key), works: 0 };
    this.#made = undefined;
    this.#entries.set(key, entry);
    return entry;
  }

  /** That of the key, made where there is none yet. */
  #limitFor(key: unknown): Limit {
    const known = this.#limitOf(key);
    if (known !== undefined) return known;
    if (this.#made === undefined || this.#made.key !== key) this.#made = { key, limit: this.#newLimit(key) };
    return this.#made.limit;
  }

  /** What was changed once holds for every limit made from here on. */
  #newLimit(key: unknown): Limit {
    const limit = this.#make(key);
    if (this.#change !== undefined) limit.update?.(this.#change);
    return limit;
  }

  #told(limit: Limit): Limit {
    if (this.#wall !== undefined) limit.observeWall?.(this.#wall.epochMs, this.#wall.nowMs);
    return limit;
  }

  /** What was used long ago leaves so, without a timer. */
  #sweepOne(nowMs: number): void {
    let next = this.#sweep.next();
    if (next.done === true) next = (this.#sweep = this.#entries.entries()).next();
    if (next.done !== true) this.#forgetIfAtRest(...next.value, nowMs);
  }

  #forgetIfAtRest(key: unknown, entry: Entry, nowMs: number): void {
    if (entry.works > 0) return;
    const limit = this.#told(entry.limit);
    if (limit.isAtRest?.(nowMs) ?? limit.usage(nowMs).used === 0) this.#entries.delete(key);
  }
}
