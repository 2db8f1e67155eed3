/**
 * The kinds of jitter. With `e = min(capMs, baseMs * 2^attempt)`, a delay is drawn from:
 *
 * | kind | from | to |
 * |---|---|---|
 * | `proportional` | e | 1.5 e |
 * | `full` | 0 | e |
 * | `equal` | e / 2 | e |
 * | `decorrelated` | baseMs | min(capMs, 3 x the previous delay), the previous being baseMs at first |
 * | `none` | e | e |
 *
 * `proportional` spreads upwards, past the cap by half at most, so that it never waits less than plain exponential
 * backoff. The others are those of the AWS architecture blog, "Exponential Backoff And Jitter".
 */
export type Jitter = 'proportional' | 'full' | 'equal' | 'decorrelated' | 'none';

export interface BackoffOptions {
  /** The number of the retry, from 0. */
  readonly attempt: number;
  /** The wait before the first retry, in ms. @defaultValue 1000 */
  readonly baseMs?: number;
  /** The ceiling of the doubling, in ms. @defaultValue 60000 */
  readonly capMs?: number;
  /** @defaultValue 'proportional' */
  readonly jitter?: Jitter;
  /** The delay before this one, in ms; only `decorrelated` looks at it. @defaultValue baseMs */
  readonly previousMs?: number;
  /** What the server asked for, in ms: a floor under the result, never cut by the cap. @defaultValue 0 */
  readonly hintMs?: number;
  /** A source of numbers in [0, 1). @defaultValue Math.random */
  readonly random?: () => number;
}

/** The least and the greatest delay that `backoffDelay` can give for the same options, in ms. */
export function backoffBounds(options: BackoffOptions): { readonly minMs: number; readonly maxMs: number } {
  const baseMs = readableHint(options.baseMs) ?? 1_000;
  const { attempt, capMs = 60_000, jitter = 'proportional', previousMs = baseMs } = options;
  const hintMs = readableHint(options.hintMs) ?? 0;
  // 2^attempt is Infinity from 1024 on; a base of 0 stays 0.
  const e = baseMs === 0 ? 0 : Math.min(capMs, baseMs * 2 ** attempt);
  const bounds = { minMs: e, maxMs: e };
  if (jitter === 'proportional') bounds.maxMs = e * 1.5;
  if (jitter === 'full') bounds.minMs = 0;
  if (jitter === 'equal') bounds.minMs = e / 2;
  if (jitter === 'decorrelated') {
    bounds.minMs = Math.min(baseMs, capMs);
    bounds.maxMs = Math.max(bounds.minMs, Math.min(capMs, previousMs * 3));
  }
  return { minMs: Math.max(bounds.minMs, hintMs), maxMs: Math.max(bounds.maxMs, hintMs) };
}

/**
 * How long to wait before a retry, in ms: exponential backoff, drawn within `backoffBounds`.
 * Pure: the same options and the same draw give the same delay. A draw outside [0, 1) is clamped.
 */
export function backoffDelay(options: BackoffOptions): number {
  const { minMs, maxMs } = backoffBounds({ ...options, hintMs: 0 });
  const drawnMs = uniform(minMs, maxMs, options.random ?? Math.random);
  return Math.max(drawnMs, readableHint(options.hintMs) ?? 0);
}

/** A hint or a base, where it is a span of time: one that was misread, such as `Number(undefined)`, counts as none. */
export function readableHint(hintMs: number | undefined): number | undefined {
  return hintMs !== undefined && hintMs >= 0 && hintMs < Infinity ? hintMs : undefined;
}

/** A number drawn evenly from [min, max], whatever `random` gives; no number counts as 0. */
export function uniform(min: number, max: number, random: () => number): number {
  const drawn = min + (max - min) * random();
  return drawn > min ? Math.min(max, drawn) : min;
}
