import type { RemoteTask } from './taskApi.js';

/** How long a task that has ended took, in ms, by the server's own clock; undefined where it does not say. */
export function durationOf({ createdAtMs, updatedAtMs }: RemoteTask): number | undefined {
  if (createdAtMs === undefined || updatedAtMs === undefined || updatedAtMs < createdAtMs) return undefined;
  return updatedAtMs - createdAtMs;
}
