import { copyOf, type Limit, type LimitKind, type Usage } from '../../limits/limit.js';

/** What a mirror passes on to those who share the limit. */
export interface MirrorOwner {
  changed(limit: MirroredLimit, change: unknown): void;
  adjusted(limit: MirroredLimit, delta: number, takenAtMs: number, key: unknown): void;
  slotTold(limit: MirroredLimit, what: 'refused' | 'granted', cost: number, takenAtMs: number, key: unknown): void;
}

/**
 * A limit that is kept elsewhere, as it was last heard of: for `snapshot`, `explain` and `forecast`. What changes it is
 * passed on to where it is kept.
 */
export class MirroredLimit implements Limit {
  readonly name: string;
  readonly kind: LimitKind;
  readonly isKeyed?: true;
  readonly capacityOf?: (key: unknown) => number;
  readonly update?: (change: unknown) => void;
  readonly adjust?: NonNullable<Limit['adjust']>;
  readonly refused?: NonNullable<Limit['refused']>;
  readonly granted?: NonNullable<Limit['granted']>;
  readonly original: Limit;
  #used = 0;
  #capacity: number;
  #resetsAtMs = -Infinity;
  #heardAtMs = -Infinity;
  #heardEpochMs = 0;

  constructor(original: Limit, owner: MirrorOwner) {
    this.original = original;
    this.name = original.name;
    this.kind = original.kind;
    this.#capacity = original.capacity;
    if (original.isKeyed === true) this.isKeyed = true;
    if (original.capacityOf !== undefined) this.capacityOf = (key) => original.capacityOf!(key);
    if (original.update !== undefined) this.update = (change) => owner.changed(this, change);
    if (original.adjust !== undefined) {
      this.adjust = (delta, takenAtMs, _nowMs, key) => owner.adjusted(this, delta, takenAtMs, key);
    }
    // One that learns is one limit of several: each piece of work is told of once, whichever asks first.
    if (original.refused !== undefined) {
      this.refused = (cost, takenAtMs, _nowMs, key) => owner.slotTold(this, 'refused', cost, takenAtMs, key);
      this.granted = (cost, takenAtMs, _nowMs, key) => owner.slotTold(this, 'granted', cost, takenAtMs, key);
    }
  }

  /** What one that learns allows right now is not the most that it will ever. */
  get capacity(): number {
    return this.refused === undefined ? this.#capacity : this.original.capacity;
  }

  /** What was said of it. @returns true where it holds less than before */
  heard({ used, capacity, resetsAtMs }: Usage, nowMs: number, epochMs: number): boolean {
    const isLess = capacity < this.#capacity;
    this.#used = used;
    this.#capacity = capacity;
    this.#resetsAtMs = resetsAtMs;
    this.#heardAtMs = nowMs;
    this.#heardEpochMs = epochMs;
    return isLess;
  }

  /** What was used when it was last heard of, of how much, when that was, and what Redis' wall clock showed then. */
  get lastHeard(): {
    readonly used: number;
    readonly capacity: number;
    readonly atMs: number;
    readonly epochMs: number;
  } {
    return { used: this.#used, capacity: this.#capacity, atMs: this.#heardAtMs, epochMs: this.#heardEpochMs };
  }

  earliest(cost: number, nowMs: number): number {
    if (this.#used + cost <= this.#capacity || this.#resetsAtMs <= nowMs) return nowMs;
    return this.#resetsAtMs;
  }

  take(): void {}

  release(): void {}

  refund(): void {}

  usage(nowMs: number): Usage {
    const isOver = this.#resetsAtMs <= nowMs;
    return { used: isOver ? 0 : this.#used, capacity: this.#capacity, resetsAtMs: this.#resetsAtMs };
  }

  /** The limit itself, used as far as is known: as if all of that had started and ended when it was heard of. */
  copy(): Limit {
    const copy = copyOf(this.original);
    const [used, atMs] = [this.#used, this.#heardAtMs];
    if (used === 0 || this.kind === 'slots' || this.isKeyed === true) return copy;
    copy.observeWall?.(this.#heardEpochMs, atMs);
    copy.take(used, atMs);
    copy.release(used, atMs, atMs, 'unknown');
    return copy;
  }
}
