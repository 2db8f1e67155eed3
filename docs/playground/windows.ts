import type { Level, Sighting } from './server.js';

/** How many instants lie in the window that ends there, after each change of it. The instants are in order. */
export function windowLevels(instants: readonly number[], intervalMs: number): readonly Level[] {
  const levels: Level[] = [{ atMs: 0, level: 0 }];
  let oldest = 0;
  let level = 0;
  const leaveUntil = (nowMs: number): void => {
    // Half-open: what is a whole interval old is out of it.
    for (let atMs = instants[oldest]; atMs !== undefined && nowMs - atMs >= intervalMs; atMs = instants[++oldest]) {
      levels.push({ atMs: Math.min(atMs + intervalMs, nowMs), level: --level });
    }
  };
  for (const atMs of instants) {
    leaveUntil(atMs);
    levels.push({ atMs, level: ++level });
  }
  leaveUntil(Infinity);
  return levels;
}

export function greatest(levels: readonly Level[]): number {
  return levels.reduce((most, { level }) => Math.max(most, level), 0);
}

export function ours(seen: readonly Sighting[]): readonly number[] {
  return seen.filter((it) => it.isOurs).map((it) => it.atMs);
}
