import { Lane } from './lane.js';
import { Parking } from './parking.js';
import { Round } from './round.js';
import { sizeOf, type Waiter } from './waiter.js';

/** The lanes of one priority. A lane is there while somebody waits in it. */
interface Level {
  readonly priority: number;
  readonly lanes: Map<unknown, Lane>;
  readonly round: Round;
}

/**
 * Who is next: by priority, then between keys in turns by their weights, then first in, first out. A key that its own
 * limits hold back is parked, and stands in nobody's way. Every step takes the same time however many keys there are.
 */
export class FairQueue {
  size = 0;
  /** By priority, the highest first. */
  readonly #levels: Level[] = [];
  readonly #parking = new Parking();
  /** The lane that the last one served was the last of. */
  #emptied: Lane | undefined = undefined;

  push(waiter: Waiter): void {
    const level = this.#levelOf(waiter.place.priority);
    let lane = level.lanes.get(waiter.place.key);
    if (lane === undefined) {
      lane = new Lane(waiter.place);
      level.lanes.set(waiter.place.key, lane);
      level.round.join(lane);
    }
    lane.push(waiter);
    waiter.isQueued = true;
    this.size++;
  }

  /** Whose turn it is among those not parked. */
  next(): Waiter | undefined {
    this.#closeEmptied();
    for (const { round } of this.#levels) {
      const lane = round.turn();
      if (lane !== undefined) return lane.first;
    }
    return undefined;
  }

  /** Takes out the waiter that `next` gave, as served. Whoever queues up again before the next `next` keeps its turn. */
  serve(waiter: Waiter): void {
    const level = this.#levelOf(waiter.place.priority);
    const lane = level.lanes.get(waiter.place.key);
    if (lane === undefined) return;
    this.#takeOut(waiter, lane);
    level.round.charge(lane, sizeOf(waiter.cost));
    if (lane.first === undefined) this.#emptied = lane;
  }

  /** Takes out a waiter that gave up; true where it was the first of its lane, so that others may go now. */
  remove(waiter: Waiter): boolean {
    const level = this.#levelOf(waiter.place.priority);
    const lane = level.lanes.get(waiter.place.key);
    if (lane === undefined) return false;
    const wasFirst = lane.first === waiter;
    this.#takeOut(waiter, lane);
    if (lane.first === undefined) this.#close(level, lane);
    else if (wasFirst) this.#resume(level, lane);
    return wasFirst;
  }

  /** The longest waiting in the lane of `waiter`; where that is itself, whose turn it is. */
  oldestOfSame(waiter: Waiter): Waiter {
    const lane = this.#levelOf(waiter.place.priority).lanes.get(waiter.place.key);
    if (lane?.first !== undefined && lane.first !== waiter) return lane.first;
    return this.next() ?? waiter;
  }

  /** The limits of the waiter's own key hold it back until then (Infinity: until a release); others go on. */
  park({ place }: Waiter, untilMs: number): void {
    const level = this.#levelOf(place.priority);
    const lane = level.lanes.get(place.key);
    if (lane === undefined) return;
    level.round.part(lane);
    this.#parking.enter(lane, untilMs);
  }

  /** Lets the lanes of a key take their turns again: something of it was released. */
  unpark(key: unknown): void {
    if (this.#parking.size === 0) return;
    for (const level of this.#levels) {
      const lane = level.lanes.get(key);
      if (lane !== undefined) this.#resume(level, lane);
    }
  }

  /** Lets all lanes take their turns again: a limit has changed. */
  unparkAll(): void {
    if (this.#parking.size === 0) return;
    for (const level of this.#levels) for (const lane of level.lanes.values()) this.#resume(level, lane);
  }

  /** Lets every lane whose time has come take its turns again; returns when the next one's comes. */
  unparkDue(nowMs: number): number {
    for (;;) {
      const lane = this.#parking.earliest;
      const untilMs = lane?.parkedUntilMs ?? Infinity;
      if (lane === undefined || untilMs > nowMs) return untilMs;
      this.#resume(this.#levelOf(lane.place.priority), lane);
    }
  }

  /** All who wait, by priority and then in turns of one each between the keys. */
  *inOrder(): Generator<Waiter> {
    for (const { lanes } of this.#levels) {
      let row = [...lanes.values()].map((lane) => lane.first);
      while (row.length > 0) {
        const waiters = row.filter((waiter) => waiter !== undefined);
        yield* waiters;
        row = waiters.map((waiter) => waiter.next).filter((next) => next !== undefined);
      }
    }
  }

  #takeOut(waiter: Waiter, lane: Lane): void {
    lane.remove(waiter);
    waiter.isQueued = false;
    this.size--;
  }

  #resume(level: Level, lane: Lane): void {
    if (lane.parkedUntilMs === undefined) return;
    this.#parking.leave(lane);
    level.round.join(lane);
  }

  #closeEmptied(): void {
    const lane = this.#emptied;
    if (lane === undefined) return;
    this.#emptied = undefined;
    const level = this.#levelOf(lane.place.priority);
    if (lane.first === undefined && level.lanes.get(lane.place.key) === lane) this.#close(level, lane);
  }

  #close(level: Level, lane: Lane): void {
    level.lanes.delete(lane.place.key);
    level.round.part(lane);
    this.#parking.leave(lane);
    // The last one stays: most limiters have but one level, and fill it again and again.
    if (level.lanes.size === 0 && this.#levels.length > 1) this.#levels.splice(this.#levels.indexOf(level), 1);
  }

  #levelOf(priority: number): Level {
    let index = 0;
    for (; index < this.#levels.length; index++) {
      const level = this.#levels[index]!;
      if (level.priority === priority) return level;
      if (level.priority < priority) break;
    }
    const level: Level = { priority, lanes: new Map(), round: new Round() };
    this.#levels.splice(index, 0, level);
    return level;
  }
}
