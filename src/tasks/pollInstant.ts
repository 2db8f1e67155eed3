import type { Durations } from './durations.js';

/** A task that a poll may ask for. */
export interface Watched {
  readonly startedAtMs: number;
  /** When it was last known to run. */
  readonly seenAtMs: number;
  /** A poll before is not for it. */
  readonly notBeforeMs: number;
}

export interface PollInstantOptions {
  readonly tasks: readonly Watched[];
  readonly durations: Durations;
  /** What a poll costs: as much as ends that, taken together, are noticed this many ms late. */
  readonly costMs: number;
  readonly fromMs: number;
  /** At least `fromMs`. */
  readonly untilMs: number;
}

/** Into how many steps the time is cut at first, and the surroundings of the best then. */
const coarseSteps = 24;
const fineSteps = 8;

/**
 * When to ask for these tasks in one request, which costs as much as `costMs` of delay.
 *
 * With `N(t)` the expected number of ends that a poll at `t` finds, and `D(t)` the delay that these have gathered by then, a
 * poll at `t` costs `(costMs + D(t)) / N(t)` per end. All tasks end once, so the least of that is the instant (Barlow, Hunter
 * and Proschan's inspection problem, "Optimum Checking Procedures", 1963, by the rule of the least unit cost of inventory
 * control): dense where ends are likely, right behind a narrow range of lives, not before. And never past the instant at
 * which the delay alone has cost a poll: waiting for that is at most twice as dear as the best in hindsight, whatever the
 * lives are (Dooly, Goldman and Scott on acknowledgements, 1998), so it bounds what a wrong guess of them can do.
 *
 * Looks at some 30 instants, each for all tasks.
 */
export function pollInstant(options: PollInstantOptions): number {
  const { fromMs, untilMs } = options;
  const costAt = costOf(options);
  const stepMs = (untilMs - fromMs) / coarseSteps;
  const roughMs = cheapest(costAt, fromMs, untilMs, coarseSteps) ?? untilMs;
  const lowMs = Math.max(fromMs, roughMs - stepMs);
  return cheapest(costAt, lowMs, Math.min(untilMs, roughMs + stepMs), fineSteps) ?? untilMs;
}

interface Cost {
  readonly perEndMs: number;
  /** The delay has cost a poll. */
  readonly isOverdue: boolean;
}

function costOf({ tasks, durations, costMs }: PollInstantOptions): (atMs: number) => Cost {
  const watched = tasks.map((task) => {
    const ageMs = Math.max(0, task.seenAtMs - task.startedAtMs);
    return { ...task, share: durations.shareAt(ageMs), areaMs: durations.areaUntil(ageMs) };
  });
  return (atMs) => {
    let ends = 0;
    let delayMs = 0;
    for (const { startedAtMs, seenAtMs, notBeforeMs, share, areaMs } of watched) {
      if (atMs < notBeforeMs) continue;
      const ageMs = Math.max(0, atMs - startedAtMs);
      ends += 1 - durations.shareAt(ageMs) / share;
      delayMs += atMs - seenAtMs - (durations.areaUntil(ageMs) - areaMs) / share;
    }
    return { perEndMs: ends > 0 ? (costMs + delayMs) / ends : Infinity, isOverdue: delayMs >= costMs };
  };
}

/** The instant of the least cost per end, the first of equals; undefined where no end can be found. */
function cheapest(costAt: (atMs: number) => Cost, fromMs: number, untilMs: number, steps: number): number | undefined {
  let bestAtMs: number | undefined;
  let leastMs = Infinity;
  for (let step = 0; step <= steps; step++) {
    const atMs = Math.min(untilMs, fromMs + ((untilMs - fromMs) * step) / steps);
    const { perEndMs, isOverdue } = costAt(atMs);
    if (perEndMs < leastMs) {
      leastMs = perEndMs;
      bestAtMs = atMs;
    }
    if (isOverdue) break;
  }
  return bestAtMs;
}
