import { Observable, type Subscriber } from 'rxjs';
import * as z from 'zod/mini';
import { parseOptions, positiveCount } from '../../src/options.js';
import { uniqueId } from '../../src/uniqueId.js';
import type { SseEvent } from './sseEvent.js';

export interface KeyedStatesOptions {
  /** How many keys are kept, at least 1: one more drops the one that has been unchanged for longest. @defaultValue 1000 */
  readonly maxKeys?: number;
  /**
   * What the ids begin with, of `[A-Za-z0-9_]`; new wherever the count begins anew. @defaultValue random: that of another
   * process, and an earlier one of this, is not taken for ours
   */
  readonly epoch?: string;
}

const schema = z.strictObject({
  maxKeys: z._default(positiveCount, 1_000),
  epoch: z.optional(z.string().check(z.regex(/^\w{1,64}$/, { error: 'must be 1 to 64 letters, digits and _' }))),
});

/** The newest state of each key, and who follows them. */
export interface KeyedStates<T> {
  /** How many keys have a state. */
  readonly size: number;
  get(key: string): T | undefined;
  /** In the order of their last changes. */
  values(): readonly T[];
  /** The key has this state from now on; followers are told. @throws Error once it is complete */
  set(key: string, state: T): void;
  /** The key has no state any more; followers are told. False where it had none. */
  delete(key: string): boolean;
  /** All that is not so any more as a client of that id knows it, and then what changes. */
  since(lastEventId?: string): Observable<SseEvent>;
  /** Nothing changes any more: followers complete, after all there is. */
  complete(): void;
}

/**
 * What many follow: of each key the newest state, as events for `sse` that a client can miss and catch up with.
 *
 * | event | data | what the client does |
 * |---|---|---|
 * | `state` | the state | keeps it, instead of any before of the same key: a state should name its key |
 * | `gone` | `{ key }` | forgets that key |
 * | `reset` | null | forgets everything: what follows is all there is |
 *
 * `since()` of a client that is new begins with all states. Of one that comes back with the id of an event it begins with
 * the newest of each key that has changed after that event, each once, and with none that has not: so in the end it has
 * the states that it would have, had it never been away; of what a key was in between it may miss some. After an id of
 * another epoch, or one so old that what has gone since is not known any more, it begins with `reset` and all states.
 *
 * @throws OptionsError
 */
export function keyedStates<T>(options: KeyedStatesOptions = {}): KeyedStates<T> {
  const { maxKeys, epoch = uniqueId() } = parseOptions(schema, options, 'keyedStates');
  return new Store<T>(maxKeys, epoch);
}

type Entry<T> = { readonly version: number; readonly key: string } & (
  { readonly state: T } | { readonly isGone: true }
);

/** Changes are told once they are made, in their order, also where a follower makes another. */
class Store<T> implements KeyedStates<T> {
  readonly #maxKeys: number;
  readonly #epoch: string;
  /** In the order of their versions. */
  readonly #states = new Map<string, Entry<T> & { readonly state: T }>();
  readonly #gone = new Map<string, Entry<T>>();
  readonly #followers = new Set<Follower>();
  /** What is being told, and what waits for that. */
  readonly #telling: Entry<T>[] = [];
  #version = 0;
  /** Of what went up to here nothing is known any more. */
  #forgotten = 0;
  #isComplete = false;

  constructor(maxKeys: number, epoch: string) {
    this.#maxKeys = maxKeys;
    this.#epoch = epoch;
  }

  get size(): number {
    return this.#states.size;
  }

  get(key: string): T | undefined {
    return this.#states.get(key)?.state;
  }

  values(): readonly T[] {
    return [...this.#states.values()].map(({ state }) => state);
  }

  set(key: string, state: T): void {
    if (this.#isComplete) throw new Error(`"${key}" cannot change: these states are complete`);
    const entry = { version: ++this.#version, key, state };
    this.#gone.delete(key);
    this.#states.delete(key);
    this.#states.set(key, entry);
    this.#tell(entry);
    if (this.#states.size <= this.#maxKeys) return;
    const [oldest = key] = this.#states.keys();
    this.delete(oldest);
  }

  delete(key: string): boolean {
    if (!this.#states.delete(key)) return false;
    const entry = { version: ++this.#version, key, isGone: true } as const;
    this.#gone.set(key, entry);
    this.#forget();
    this.#tell(entry);
    return true;
  }

  since(lastEventId?: string): Observable<SseEvent> {
    return new Observable<SseEvent>((subscriber) => {
      const follower = new Follower(subscriber, this.#version);
      this.#followers.add(follower);
      subscriber.add(() => this.#followers.delete(follower));
      follower.tell(this.#missedSince(lastEventId));
      this.#completeIfTold();
    });
  }

  complete(): void {
    this.#isComplete = true;
    this.#completeIfTold();
  }

  #tell(entry: Entry<T>): void {
    this.#telling.push(entry);
    if (this.#telling.length > 1) return;
    // The array grows as it is read.
    for (const change of this.#telling) {
      const event = this.#eventOf(change);
      for (const follower of [...this.#followers]) follower.changed(change.version, event);
    }
    this.#telling.length = 0;
    this.#completeIfTold();
  }

  #completeIfTold(): void {
    if (!this.#isComplete || this.#telling.length > 0) return;
    for (const follower of [...this.#followers]) follower.complete();
  }

  /** Of the keys that have gone, the last `maxKeys` are known. */
  #forget(): void {
    for (const { key, version } of this.#gone.values()) {
      if (this.#gone.size <= this.#maxKeys) return;
      this.#gone.delete(key);
      this.#forgotten = version;
    }
  }

  /** In the order of the versions. */
  #missedSince(lastEventId: string | undefined): readonly SseEvent[] {
    const seen = this.#versionOf(lastEventId);
    const states = [...this.#states.values()];
    if (seen === undefined) {
      const reset: SseEvent = { id: this.#idOf(0), event: 'reset', data: null };
      return [...(lastEventId === undefined ? [] : [reset]), ...states.map((entry) => this.#eventOf(entry))];
    }
    const changed: readonly Entry<T>[] = [...states, ...this.#gone.values()].filter(({ version }) => version > seen);
    return changed.toSorted((a, b) => a.version - b.version).map((entry) => this.#eventOf(entry));
  }

  /** What the client has; undefined: nothing that can be gone on from. */
  #versionOf(id: string | undefined): number | undefined {
    const version = Number(id?.split('-')[1]);
    const isKnown = id === this.#idOf(version) && version <= this.#version && version >= this.#forgotten;
    return isKnown ? version : undefined;
  }

  #idOf(version: number): string {
    return `${this.#epoch}-${version}`;
  }

  #eventOf(entry: Entry<T>): SseEvent {
    const { key, version } = entry;
    const id = this.#idOf(version);
    return 'state' in entry
      ? { id, key, event: 'state', data: entry.state }
      : { id, key, event: 'gone', data: { key } };
  }
}

/** Tells one subscriber each change in its turn: what changes while it is being told waits. */
class Follower {
  readonly #subscriber: Subscriber<SseEvent>;
  /** Changes up to here are among those that it begins with. */
  readonly #since: number;
  readonly #waiting: SseEvent[] = [];

  constructor(subscriber: Subscriber<SseEvent>, since: number) {
    this.#subscriber = subscriber;
    this.#since = since;
  }

  changed(version: number, event: SseEvent): void {
    if (version > this.#since) this.tell([event]);
  }

  tell(events: readonly SseEvent[]): void {
    const isTelling = this.#waiting.length > 0;
    for (const event of events) this.#waiting.push(event);
    if (isTelling) return;
    for (const event of this.#waiting) this.#subscriber.next(event);
    this.#waiting.length = 0;
  }

  /** Not amid what it begins with: whoever tells that asks once more. */
  complete(): void {
    if (this.#waiting.length === 0) this.#subscriber.complete();
  }
}
