import type { Task } from './life.js';
import { weightOf } from './orders.js';
import { wantedAt, type OthersWindow } from './others.js';

/** Slots in use: now, and the most at any instant. */
export interface SlotsUsed {
  readonly ours: number;
  readonly theirs: number;
  /** Of ours and theirs together. */
  readonly greatest: number;
  readonly greatestTheirs: number;
}

/** What there is to share, and with whom. */
export interface SharedSlots {
  readonly tasks: number;
  readonly others: readonly OthersWindow[];
}

/**
 * Sweeps over creations (the order of `tasks`), ends, and the comings and goings of others, in the order of time; at one
 * instant the ends come first, then the others, then the creations.
 */
export function slotsUsed(tasks: readonly Task[], { tasks: slots, others }: SharedSlots, nowMs: number): SlotsUsed {
  const ends = tasks.toSorted((one, other) => one.endsAtMs - other.endsAtMs);
  const changes = others.flatMap(({ fromMs, untilMs }) => [fromMs, untilMs]).sort((one, other) => one - other);
  let [ended, changed, ours, theirs, greatest, greatestTheirs] = [0, 0, 0, 0, 0, 0];

  function passUntil(untilMs: number): void {
    for (;;) {
      const atMs = Math.min(ends[ended]?.endsAtMs ?? Infinity, changes[changed] ?? Infinity);
      if (atMs > untilMs || atMs === Infinity) return;
      while ((changes[changed] ?? Infinity) <= atMs) changed += 1;
      for (let task = ends[ended]; task !== undefined && task.endsAtMs <= atMs; task = ends[ended]) {
        ours -= weightOf(task.order);
        ended += 1;
      }
      // What they hold they keep while they want it, even if we took too many.
      const wanted = wantedAt(others, atMs);
      theirs = Math.max(Math.min(theirs, wanted), Math.min(slots - ours, wanted));
      note();
    }
  }

  function note(): void {
    greatest = Math.max(greatest, ours + theirs);
    greatestTheirs = Math.max(greatestTheirs, theirs);
  }

  for (const task of tasks) {
    passUntil(task.createdAtMs);
    ours += weightOf(task.order);
    note();
  }
  passUntil(nowMs);
  return { ours, theirs, greatest, greatestTheirs };
}
