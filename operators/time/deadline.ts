import { map, takeUntil, type MonoTypeOperatorFunction } from 'rxjs';
import type { Clock } from '../../src/clock.js';
import { DeadlineError } from '../../src/errors.js';
import { after } from './after.js';

/** Errors with DeadlineError `deadlineMs` after the subscription; Infinity: never. */
export function deadline<T>(deadlineMs: number, clock: Clock, last: () => unknown): MonoTypeOperatorFunction<T> {
  const passed = after(deadlineMs, clock).pipe(
    map(() => {
      throw new DeadlineError(deadlineMs, last());
    }),
  );
  return (source) => (deadlineMs === Infinity ? source : source.pipe(takeUntil(passed)));
}
