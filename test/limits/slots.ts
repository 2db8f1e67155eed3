import type { Limit } from '../../src/limits/limit.js';

/** The limit, with `count` pieces of work of one unit taken at one instant. */
export function taking(limit: Limit, count: number, nowMs: number): Limit {
  for (let taken = 0; taken < count; taken++) limit.take(1, nowMs);
  return limit;
}

export function limitOf(limit: Limit, nowMs: number): number {
  return limit.usage(nowMs).capacity;
}

/** Refuses the work taken at `takenAtMs`, which gives its place back. */
export function refuse(limit: Limit, takenAtMs: number, nowMs: number): void {
  limit.release(1, takenAtMs, nowMs, 'no-slot');
}

/** Takes a piece of work of one unit as soon as the limit lets it, from `nowMs` on; gives that instant. */
export function probe(limit: Limit, nowMs: number): number {
  const atMs = limit.earliest(1, nowMs);
  limit.earliest(1, atMs);
  limit.take(1, atMs);
  return atMs;
}
