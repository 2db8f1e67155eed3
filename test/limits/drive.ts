import type { Limit } from '../../src/limits/limit.js';

/** A piece of work: it comes `gapMs` after the one before, and once started runs for `latencyMs`. */
export interface Job {
  readonly gapMs: number;
  readonly cost: number;
  readonly latencyMs: number;
}

export interface Run {
  readonly cost: number;
  readonly arrivedMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Passes the jobs through one limit, first come first served, in perfect virtual time: what a limiter does, but for
 * everything that makes one hard. `lateMs` says how late the wait for job `index` wakes up.
 */
export function drive(limit: Limit, jobs: readonly Job[], lateMs: (index: number) => number = () => 0): Run[] {
  const runs: Run[] = [];
  const running: Run[] = [];
  let nowMs = 0;
  let arrivedMs = 0;

  function end(run: Run): void {
    running.splice(running.indexOf(run), 1);
    limit.release(run.cost, run.startMs, run.endMs, 'succeeded');
  }

  function firstToEnd(): Run | undefined {
    return running.reduce<Run | undefined>(
      (first, run) => (first === undefined || run.endMs < first.endMs ? run : first),
      undefined,
    );
  }

  /** Ends what ends until `untilMs`; with `untilOne`, stops after the first. */
  function passTo(untilMs: number, untilOne = false): void {
    for (let run = firstToEnd(); run !== undefined && run.endMs <= untilMs; run = firstToEnd()) {
      end(run);
      nowMs = Math.max(nowMs, run.endMs);
      if (untilOne) return;
    }
    if (untilMs < Infinity) nowMs = Math.max(nowMs, untilMs);
  }

  for (const [index, job] of jobs.entries()) {
    arrivedMs += job.gapMs;
    passTo(Math.max(nowMs, arrivedMs));
    for (let atMs = limit.earliest(job.cost, nowMs); atMs > nowMs; atMs = limit.earliest(job.cost, nowMs)) {
      const nextEndMs = firstToEnd()?.endMs ?? Infinity;
      // A release may make room sooner than promised, or set the promise: ask again after each.
      if (nextEndMs <= atMs) passTo(nextEndMs, true);
      else passTo(atMs + lateMs(index));
    }
    limit.take(job.cost, nowMs);
    const run = { cost: job.cost, arrivedMs, startMs: nowMs, endMs: nowMs + job.latencyMs };
    runs.push(run);
    running.push(run);
  }
  return runs;
}

/** The greatest cost whose starts lie in one half-open window; every window that matters begins at a start. */
export function greatestByStart(runs: readonly Run[], intervalMs: number): number {
  return greatest(runs, (window, run) => run.startMs >= window.startMs && run.startMs - window.startMs < intervalMs);
}

/**
 * The greatest cost that a server could count in one half-open window, were it to choose for each request an instant
 * between its start and its end. The window that catches most opens just as one of them ends.
 */
export function greatestByAdversary(runs: readonly Run[], intervalMs: number): number {
  return greatest(runs, (window, run) => run.endMs >= window.endMs && run.startMs - window.endMs < intervalMs);
}

function greatest(runs: readonly Run[], isWithin: (window: Run, run: Run) => boolean): number {
  const sums = runs.map((window) => sum(runs.filter((run) => isWithin(window, run)).map(({ cost }) => cost)));
  return Math.max(0, ...sums);
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
