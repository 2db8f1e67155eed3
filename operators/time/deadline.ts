import { map, takeUntil, type MonoTypeOperatorFunction } from 'rxjs';
import type { Clock } from '../../src/clock.js';
import { DeadlineError } from '../../src/errors.js';
import { after } from './after.js';

/** How things stand: the last status, if any, and what the last poll failed with, if it did. */
export interface Standing {
  readonly last: unknown;
  readonly failure: ErrorOptions | undefined;
}

/** Errors with DeadlineError `deadlineMs` after the subscription; Infinity: never. */
export function deadline<T>(deadlineMs: number, clock: Clock, standing: () => Standing): MonoTypeOperatorFunction<T> {
  const passed = after(deadlineMs, clock).pipe(
    map(() => {
      const { last, failure } = standing();
      throw new DeadlineError(deadlineMs, last, failure);
    }),
  );
  return (source) => (deadlineMs === Infinity ? source : source.pipe(takeUntil(passed)));
}
