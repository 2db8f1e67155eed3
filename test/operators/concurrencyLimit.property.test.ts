import fc from 'fast-check';
import { NEVER, Observable, of, takeUntil, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { concurrencyLimit } from '../../operators/concurrencyLimit.js';
import { createLimiter } from '../../operators/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { arrivals, emissions, type Arrival } from './arrivals.js';
import { record } from './recording.js';
import { runs } from '../runs.js';
import { VirtualClock } from './virtualClock.js';

interface Work extends Arrival {
  readonly durationMs: number;
  readonly isPromise: boolean;
}
const limits = fc.integer({ min: 1, max: 5 });
const durationMs = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 }));
const works = arrivals(fc.record({ durationMs, isPromise: fc.boolean() }));

/** Work that emits itself as it ends; where it takes no time, an observable does so at once. */
function perform(work: Work, clock: VirtualClock): Observable<Work> | Promise<Work> {
  if (work.isPromise) return new Promise((resolve) => clock.schedule(work.durationMs, () => resolve(work)));
  if (work.durationMs === 0) return of(work);
  return new Observable((subscriber) =>
    clock.schedule(work.durationMs, () => {
      subscriber.next(work);
      subscriber.complete();
    }),
  );
}

/** First come, first served, by as many clerks as the limit: when each work starts. */
function ideal(plan: readonly Work[], limit: number): readonly number[] {
  const freeAtMs = Array.from({ length: limit }, () => 0);
  return plan.map(({ atMs, durationMs: lastsMs }) => {
    const startMs = Math.max(atMs, Math.min(...freeAtMs));
    freeAtMs[freeAtMs.indexOf(Math.min(...freeAtMs))] = startMs + lastsMs;
    return startMs;
  });
}

describe('concurrencyLimit', () => {
  it('should never exceed its limit, never be idle while work waits, and lose nothing, in the order asked for', async () => {
    await fc.assert(
      fc.asyncProperty(limits, works, fc.boolean(), fc.boolean(), async (limit, plan, ordered, isShared) => {
        const clock = new VirtualClock();
        const limiter = createLimiter({ limits: [concurrency({ limit })], clock });
        const startedAtMs: number[] = [];
        let inFlight = 0;
        let greatest = 0;
        const project = (work: Work): Observable<Work> | Promise<Work> => {
          startedAtMs.push(clock.now());
          greatest = Math.max(greatest, ++inFlight);
          if (work.durationMs === 0 && !work.isPromise) inFlight--;
          else clock.schedule(work.durationMs, () => inFlight--);
          return perform(work, clock);
        };
        const options = isShared ? { limiter, ordered } : { limit, ordered };
        const recording = record(emissions(plan, clock).pipe(concurrencyLimit(project, options)), () => clock.now());
        await clock.settle();

        const startsAtMs = ideal(plan, limit);
        expect(startedAtMs).toEqual(startsAtMs);
        expect(greatest).toBeLessThanOrEqual(limit);
        expect(recording.end).toBe('|');
        const ends = plan.map((work, index) => ({ work, atMs: (startsAtMs[index] ?? NaN) + work.durationMs }));
        if (ordered) {
          expect(recording.values).toEqual(plan);
          const latest = ends.map((_, index) => Math.max(...ends.slice(0, index + 1).map(({ atMs }) => atMs)));
          expect(recording.timeline.map(([atMs]) => atMs)).toEqual(latest);
        } else {
          const said = new Map(recording.timeline.map(([atMs, work]) => [work, atMs]));
          expect(said).toEqual(new Map(ends.map(({ work, atMs }) => [work, atMs])));
        }
      }),
      runs(300),
    );
  });

  it('should always give every permit back, however it ends, and never exceed what streams share', async () => {
    const outcome = fc.constantFrom<'value' | 'error' | 'never'>('value', 'value', 'value', 'error', 'never');
    const tasks = arrivals(
      fc.record({ durationMs, isPromise: fc.boolean(), outcome, cost: fc.integer({ min: 0, max: 4 }) }),
      15,
    );
    const stream = fc.record({ tasks, ordered: fc.boolean(), disposedAtMs: fc.integer({ min: 0, max: 200 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(stream, { minLength: 1, maxLength: 3 }), async (streams) => {
        const clock = new VirtualClock();
        const capacity = 4;
        const limiter = createLimiter({ limits: [concurrency({ limit: capacity })], clock });
        let greatest = 0;
        const cost = (task: { readonly cost: number }): number => task.cost;
        for (const { tasks: plan, ordered, disposedAtMs } of streams) {
          const project = (task: (typeof plan)[number]): Observable<unknown> | Promise<unknown> => {
            greatest = Math.max(greatest, limiter.snapshot().limits[0]?.used ?? NaN);
            if (task.outcome === 'value') return perform(task, clock);
            if (task.outcome === 'never') return NEVER;
            const error = new Error('of the work');
            return task.isPromise ? Promise.reject(error) : throwError(() => error);
          };
          const results = emissions(plan, clock).pipe(concurrencyLimit(project, { limiter, cost, ordered }));
          const { subscription } = record(results);
          clock.schedule(disposedAtMs, () => subscription.unsubscribe());
        }
        await clock.settle();
        expect(greatest).toBeLessThanOrEqual(capacity);
        expect(limiter.snapshot()).toMatchObject({ active: 0, waiting: 0 });
        expect(limiter.snapshot().limits[0]?.used).toBe(0);
      }),
      runs(300),
    );
  });

  it('should always drain on stop: what had started ends, what waited never starts', async () => {
    await fc.assert(
      fc.asyncProperty(
        limits,
        works,
        fc.integer({ min: 0, max: 200 }),
        fc.boolean(),
        async (limit, plan, stopMs, ordered) => {
          const clock = new VirtualClock();
          const stopping = new AbortController();
          const started: Work[] = [];
          const project = (work: Work): Observable<Work> | Promise<Work> => {
            expect(stopping.signal.aborted).toBe(false);
            started.push(work);
            return perform(work, clock);
          };
          clock.schedule(stopMs, () => stopping.abort());
          const options = { limit, ordered, stop: stopping.signal };
          const recording = record(emissions(plan, clock).pipe(concurrencyLimit(project, options)), () => clock.now());
          await clock.settle();
          expect(recording.end).toBe('|');
          expect(new Set(recording.values)).toEqual(new Set(started));
          if (ordered) expect(recording.values).toEqual(started);
        },
      ),
      runs(200),
    );
  });

  it('should always leave no work behind where a source is cut off amid it', async () => {
    await fc.assert(
      fc.asyncProperty(limits, works, fc.integer({ min: 0, max: 200 }), async (limit, plan, cutMs) => {
        const clock = new VirtualClock();
        const cut = new Observable<void>((subscriber) => clock.schedule(cutMs, () => subscriber.next()));
        const project = (work: Work) => perform({ ...work, isPromise: false }, clock);
        const recording = record(emissions(plan, clock).pipe(concurrencyLimit(project, { limit }), takeUntil(cut)));
        await clock.settle(cutMs);
        expect(recording.end).toBe('|');
        expect(clock.pending).toBe(0);
      }),
      runs(100),
    );
  });
});
