import type { HeldTimes } from './heldTimes.js';
import type { ItemRecord, Try } from './record.js';
import type { Answer } from './server.js';
import type { Item } from './workload.js';

type Draft = { -readonly [K in keyof Try]: Try[K] };

/** What happens to one item, written down as it does. */
export class ItemStory {
  readonly item: Item;
  readonly #held: HeldTimes;
  readonly #tries: Draft[] = [];
  #heldBefore: ReadonlyMap<string, number> = new Map();
  #end: ItemRecord['end'] = 'stopped';
  #endedAtMs: number | undefined;

  constructor(item: Item, held: HeldTimes) {
    this.item = item;
    this.#held = held;
  }

  queued(atMs: number, waiting: number): void {
    this.#heldBefore = this.#held.now();
    const unknown = { sentAtMs: Infinity, reachedAtMs: Infinity, answeredAtMs: Infinity, verdict: undefined };
    this.#tries.push({ queuedAtMs: atMs, waiting, ...unknown, hintMs: 0, heldMs: new Map() });
  }

  sent(atMs: number): void {
    this.#change({ sentAtMs: atMs, heldMs: this.#held.since(this.#heldBefore) });
  }

  reached(atMs: number): void {
    this.#change({ reachedAtMs: atMs });
  }

  answered(atMs: number, { verdict, hintMs = 0 }: Answer): void {
    this.#change({ answeredAtMs: atMs, verdict, hintMs });
  }

  ended(end: 'done' | 'given up', atMs: number): void {
    this.#end = end;
    this.#endedAtMs = atMs;
  }

  record(stoppedAtMs: number): ItemRecord {
    return { ...this.item, tries: this.#tries, end: this.#end, endedAtMs: this.#endedAtMs ?? stoppedAtMs };
  }

  #change(change: Partial<Try>): void {
    Object.assign(this.#tries.at(-1) ?? {}, change);
  }
}
