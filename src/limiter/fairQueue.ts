import { sizeOf } from './cost.js';
import type { Lane } from './lane.js';
import { Levels } from './levels.js';
import { Parking } from './parking.js';
import type { Waiter } from './waiter.js';

/**
 * Who is next: by priority, then between keys in turns by their weights, then first in, first out. A key that its own
 * limits hold back is parked, and stands in nobody's way. However many keys there are, no step takes longer, and hardly
 * longer with more priorities; only `unpark` looks at each of these.
 */
export class FairQueue {
  size = 0;
  readonly #levels = new Levels();
  readonly #parking = new Parking();
  /** The lane that `serve` has just emptied: closed by the next `next`, unless somebody has joined it by then. */
  #emptied: Lane | undefined = undefined;

  push(waiter: Waiter): void {
    const lane = this.#levels.find(waiter.place) ?? this.#levels.add(waiter.place);
    lane.push(waiter);
    waiter.isQueued = true;
    this.size++;
  }

  /** Whose turn it is among those not parked. */
  next(): Waiter | undefined {
    this.#closeEmptied();
    return this.#levels.turn()?.first;
  }

  /** Takes out the waiter that `next` gave, as served. Whoever queues up again before the next `next` keeps its turn. */
  serve(waiter: Waiter): void {
    const lane = this.#levels.find(waiter.place);
    if (lane === undefined) return;
    this.#takeOut(waiter, lane);
    this.#levels.charge(lane, sizeOf(waiter.cost));
    if (lane.first === undefined) this.#emptied = lane;
  }

  /** Takes out a waiter that gave up; true where it was the first of its lane, so that others may go now. */
  remove(waiter: Waiter): boolean {
    const lane = this.#levels.find(waiter.place);
    if (lane === undefined) return false;
    const wasFirst = lane.first === waiter;
    this.#takeOut(waiter, lane);
    if (lane.first === undefined) this.#close(lane);
    else if (wasFirst) this.#resume(lane);
    return wasFirst;
  }

  /** The longest waiting in the lane of `waiter`; where that is itself, whose turn it is. */
  oldestOfSame(waiter: Waiter): Waiter {
    const oldest = this.#levels.find(waiter.place)?.first;
    if (oldest !== undefined && oldest !== waiter) return oldest;
    return this.next() ?? waiter;
  }

  /** The limits of the waiter's own key hold it back until then (Infinity: until a release); others go on. */
  park({ place }: Waiter, untilMs: number): void {
    const lane = this.#levels.find(place);
    if (lane === undefined) return;
    this.#levels.part(lane);
    this.#parking.enter(lane, untilMs);
  }

  /** Lets the lanes of a key take their turns again: something of it was released. */
  unpark(key: unknown): void {
    if (this.#parking.size === 0) return;
    for (const lane of this.#levels.ofKey(key)) this.#resume(lane);
  }

  /** Lets all lanes take their turns again: a limit has changed. */
  unparkAll(): void {
    if (this.#parking.size === 0) return;
    for (const lane of this.#levels.inOrder().flat()) this.#resume(lane);
  }

  /** Lets every lane whose time has come take its turns again; returns when the next one's comes. */
  unparkDue(nowMs: number): number {
    for (;;) {
      const lane = this.#parking.earliest;
      const untilMs = lane?.parkedUntilMs ?? Infinity;
      if (lane === undefined || untilMs > nowMs) return untilMs;
      this.#resume(lane);
    }
  }

  /** All who wait, by priority and then in turns of one each between the keys. */
  *inOrder(): Generator<Waiter> {
    for (const lanes of this.#levels.inOrder()) {
      let row = lanes.map((lane) => lane.first);
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

  #resume(lane: Lane): void {
    if (lane.parkedUntilMs === undefined) return;
    this.#parking.leave(lane);
    this.#levels.join(lane);
  }

  #closeEmptied(): void {
    const lane = this.#emptied;
    if (lane === undefined) return;
    this.#emptied = undefined;
    if (lane.first === undefined && this.#levels.find(lane.place) === lane) this.#close(lane);
  }

  #close(lane: Lane): void {
    if (lane.parkedUntilMs === undefined) this.#levels.part(lane);
    else this.#parking.leave(lane);
    this.#levels.remove(lane);
  }
}
