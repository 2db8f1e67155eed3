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
