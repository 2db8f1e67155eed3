/**
 * When other users of the account are about, and how many slots they want then. They are at their greediest: within a
 * window they hold what they want as far as slots are free, and whatever becomes free they take at that very instant,
 * before anybody else. They never take a slot from a task that runs.
 */
export interface OthersWindow {
  /** In ms of the model's clock. */
  readonly fromMs: number;
  /** From this instant on they have given all back; over `fromMs`. */
  readonly untilMs: number;
  /** At least 1; more than there are is all of them. */
  readonly tasks: number;
}

/** How many slots others want at `nowMs`, all windows together. */
export function wantedAt(others: readonly OthersWindow[], nowMs: number): number {
  return others.reduce(
    (sum, { fromMs, untilMs, tasks }) => (fromMs <= nowMs && nowMs < untilMs ? sum + tasks : sum),
    0,
  );
}
