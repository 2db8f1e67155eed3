import { Heap } from '../heap.js';
import { Lane } from './lane.js';
import type { Place } from './place.js';
import { Round } from './round.js';

/** The lanes of one priority. A lane is there while somebody waits in it. */
interface Level {
  readonly priority: number;
  readonly lanes: Map<unknown, Lane>;
  /** Those of them that may be served. */
  readonly round: Round;
  /** Where it is in the heap of levels with such lanes. */
  slot: number;
}

/** All lanes, by priority and key. Every piece of work may have a priority of its own. */
export class Levels {
  readonly #byPriority = new Map<number, Level>();
  /** Those with lanes that may be served, the highest first. */
  readonly #open = new Heap<Level>(
    (one, other) => one.priority > other.priority,
    (level, slot) => (level.slot = slot),
  );

  /** The lane whose turn it is. */
  turn(): Lane | undefined {
    return this.#open.first?.round.turn();
  }

  find({ priority, key }: Place): Lane | undefined {
    return this.#byPriority.get(priority)?.lanes.get(key);
  }

  /** A lane that there was not before. It may be served. */
  add(place: Place): Lane {
    const lane = new Lane(place);
    this.#levelOf(place).lanes.set(place.key, lane);
    this.join(lane);
    return lane;
  }

  /** Takes a lane out, and its level with it where that is empty now; the only level stays: most limiters need no other. */
  remove({ place }: Lane): void {
    const { lanes } = this.#levelOf(place);
    lanes.delete(place.key);
    if (lanes.size === 0 && this.#byPriority.size > 1) this.#byPriority.delete(place.priority);
  }

  /** It may be served from here on. */
  join(lane: Lane): void {
    const level = this.#levelOf(lane.place);
    if (level.round.current === undefined) this.#open.add(level);
    level.round.join(lane);
  }

  /** It is not to be served from here on. */
  part(lane: Lane): void {
    const level = this.#levelOf(lane.place);
    level.round.part(lane);
    if (level.round.current === undefined) this.#open.remove(level.slot);
  }

  /** The first of the lane whose turn it is was served at this size. */
  charge(lane: Lane, size: number): void {
    this.#levelOf(lane.place).round.charge(lane, size);
  }

  /** The lanes of a key, of whatever priority. */
  *ofKey(key: unknown): Generator<Lane> {
    for (const { lanes } of this.#byPriority.values()) {
      const lane = lanes.get(key);
      if (lane !== undefined) yield lane;
    }
  }

  /** All lanes of each priority, the highest first. */
  inOrder(): readonly (readonly Lane[])[] {
    const levels = [...this.#byPriority.values()].sort((one, other) => other.priority - one.priority);
    return levels.map(({ lanes }) => [...lanes.values()]);
  }

  /** Made where there is none. */
  #levelOf({ priority }: Place): Level {
    const known = this.#byPriority.get(priority);
    if (known !== undefined) return known;
    const level: Level = { priority, lanes: new Map(), round: new Round(), slot: 0 };
    this.#byPriority.set(priority, level);
    return level;
  }
}
