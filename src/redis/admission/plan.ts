import { OptionsError } from '../../errors.js';
import type { Limit, LimitFigures } from '../../limits/limit.js';

/** A limit as the script knows it: by its name, with all spans in whole microseconds. */
export type PlannedLimit = Readonly<Record<string, string | number | boolean>>;

/** @throws OptionsError for a limit that does not say what it is */
export function planned(limit: Limit, key?: unknown): PlannedLimit {
  const figures = limit.describe?.(key);
  if (figures === undefined) {
    throw new OptionsError(`the limit "${limit.name}" cannot be shared: it has no describe()`, 'limits');
  }
  return { name: limit.name, ...(limit.isKeyed === true && { keyed: true }), ...inMicros(figures) };
}

/** For how long a use of the limit may count, in ms; 0 where only what runs counts, or for ever. */
export function countsForMs(figures: LimitFigures): number {
  return 'intervalMs' in figures ? figures.intervalMs : 0;
}

/** The most that work is granted before its instant, in ms. */
const mostAheadMs = 100;

/**
 * How long before its instant work may be granted that time alone lets in, in ms: a tenth of the shortest window. 0 where
 * that instant is not certain, or not everybody's: a limit that learns may allow less by then, a bucket takes back only
 * what it gave last, and a key's own limit holds back nobody else.
 */
export function aheadMsOf(limits: readonly Limit[]): number {
  const all = limits.map((limit) => limit.describe?.());
  const isUncertain = all.some((figures) => figures?.type === 'adaptiveConcurrency' || figures?.type === 'tokenBucket');
  if (isUncertain || limits.some((limit) => limit.isKeyed === true)) return 0;
  const spansMs = all.flatMap((figures) =>
    figures !== undefined && 'intervalMs' in figures ? figures.intervalMs : [],
  );
  return spansMs.length === 0 ? 0 : Math.min(mostAheadMs, ...spansMs.map((spanMs) => spanMs / 10));
}

function inMicros(figures: LimitFigures): PlannedLimit {
  switch (figures.type) {
    case 'slidingWindow':
    case 'evenly': {
      const { type, limit, intervalMs, countUntil } = figures;
      return { type, limit, interval: micros(intervalMs), countUntil };
    }
    case 'tokenBucket': {
      const { type, capacity, refill, intervalMs, missing } = figures;
      return { type, capacity, refill, interval: micros(intervalMs), missing };
    }
    case 'adaptiveConcurrency': {
      const { type, max, min, initial, decrease, probeAfterMs, maxProbeAfterMs } = figures;
      const waits = { probeAfter: micros(probeAfterMs), maxProbeAfter: micros(maxProbeAfterMs) };
      return { type, max, min, initial, decrease, ...waits };
    }
    case 'concurrency':
    case 'dailyQuota':
    case 'budget':
      return figures;
  }
}

/** Rounded up: a window is never shorter than it was asked to be. */
export function micros(ms: number): number {
  return Math.ceil(ms * 1_000);
}
