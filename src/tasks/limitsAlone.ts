/** What was done, and the limits it was done under. */
export interface Workload {
  /** In the order in which they were sent: the slots of each, and the time from its creation to its end. */
  readonly tasks: readonly { readonly slots: number; readonly durationMs: number }[];
  readonly concurrent: number;
  /** How many requests were sent, polls too. */
  readonly requests: number;
  readonly rate: { readonly limit: number; readonly intervalMs: number } | 'off';
}

/**
 * The time that the limits alone would have taken, in ms: what is left of a run if the tasks take as long as they did,
 * and everything else takes none. The greater of two bounds:
 *
 * - slots: list scheduling. Each task in turn starts as soon as the slots that it needs are free (not before the task
 *   ahead of it), and holds them for as long as it did; the bound is the end of the last. For tasks of one slot and
 *   equal length that is `ceil(tasks / concurrent) * length`.
 * - rate: the last of `requests` cannot leave before `floor((requests - 1) / limit) * intervalMs`.
 *
 * Waiting for the next day's credits is in neither.
 */
export function limitsAloneMs({ tasks, concurrent, requests, rate }: Workload): number {
  return Math.max(slotsAloneMs(tasks, concurrent), rateAloneMs(requests, rate));
}

/** The second of the bounds of `limitsAloneMs`. */
export function rateAloneMs(requests: number, rate: Workload['rate']): number {
  return rate === 'off' ? 0 : Math.floor(Math.max(0, requests - 1) / rate.limit) * rate.intervalMs;
}

/** The first of them. */
export function slotsAloneMs(tasks: Workload['tasks'], concurrent: number): number {
  /** When each slot in use comes free, the earliest first. */
  const freeAtMs: number[] = [];
  let startAtMs = 0;
  let endAtMs = 0;
  for (const { slots, durationMs } of tasks) {
    const needed = Math.min(slots, concurrent);
    const unused = concurrent - freeAtMs.length;
    if (needed > unused) {
      const taken = freeAtMs.splice(0, needed - unused);
      startAtMs = Math.max(startAtMs, taken.at(-1) ?? 0);
    }
    const end = startAtMs + durationMs;
    endAtMs = Math.max(endAtMs, end);
    const place = freeAtMs.findIndex((atMs) => atMs > end);
    freeAtMs.splice(place === -1 ? freeAtMs.length : place, 0, ...Array.from({ length: needed }, () => end));
  }
  return endAtMs;
}
