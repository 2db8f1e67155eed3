import fc from 'fast-check';
import { Observable } from 'rxjs';
import type { Clock } from '../../src/clock.js';

/** Something that comes at an instant. */
export interface Arrival {
  readonly atMs: number;
}

/** Arrivals in the order of time, some at once and some after a pause, each with what `more` gives it. */
export function arrivals<T>(more: fc.Arbitrary<T>, maxLength = 40): fc.Arbitrary<readonly (Arrival & T)[]> {
  const gapMs = fc.oneof(
    { arbitrary: fc.constant(0), weight: 2 },
    { arbitrary: fc.integer({ min: 0, max: 30 }), weight: 3 },
  );
  return fc.array(fc.tuple(gapMs, more), { maxLength, size: 'max' }).map((steps) => {
    let atMs = 0;
    return steps.map(([gap, it]) => ({ ...it, atMs: (atMs += gap) }));
  });
}

/** A source that emits each of them at its instant, and completes with the last. */
export function emissions<T extends Arrival>(plan: readonly T[], clock: Clock): Observable<T> {
  return new Observable((subscriber) => {
    const cancels = plan.map((it, index) =>
      clock.schedule(it.atMs, () => {
        subscriber.next(it);
        if (index === plan.length - 1) subscriber.complete();
      }),
    );
    if (plan.length === 0) subscriber.complete();
    return () => cancels.forEach((cancel) => cancel());
  });
}
