import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BudgetSpentError } from '../../src/errors.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { placeOf } from '../../src/limiter/place.js';
import { Waiter } from '../../src/limiter/waiter.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { perKey } from '../../src/limits/perKey.js';
import { runs } from '../runs.js';
import { limiterOf } from './work.js';

/** Work that notes what becomes of it. */
class Job extends Waiter {
  readonly credits: number;
  state: 'waiting' | 'running' | 'ended' | 'dropped' = 'waiting';
  error: Error | undefined;
  startedAtMs = NaN;

  constructor(credits: number, key: number) {
    super({ slots: 1, run: credits, 'own per key': credits }, placeOf({ key }));
    this.credits = credits;
  }

  admitted(atMs: number): void {
    this.state = 'running';
    this.startedAtMs = atMs;
  }

  dropped(error: Error): void {
    this.state = 'dropped';
    this.error = error;
  }

  /** Ends it: what it really cost is less than it took, by `saved`. */
  end(limiter: Limiter, saved: number): void {
    const { key } = this.place;
    this.state = 'ended';
    for (const name of ['run', 'own per key']) limiter.adjust(name, -saved, { takenAtMs: this.startedAtMs, key });
    limiter.release(this.cost, this.startedAtMs, 'succeeded', key);
    limiter.admitWaiting();
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('arrive' as const), credits: fc.nat(6), key: fc.nat(2) }),
  fc.record({ do: fc.constant('arrive' as const), credits: fc.nat(6), key: fc.nat(2) }),
  fc.record({ do: fc.constant('end' as const), which: fc.nat(), saved: fc.nat(6) }),
  fc.record({ do: fc.constant('cancel' as const), which: fc.nat() }),
  fc.record({ do: fc.constant('raise' as const), by: fc.nat(4) }),
);

describe('a limiter with budgets', () => {
  it('should never spend more than they hold, nor keep anybody waiting who can never be paid for', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        let runLimit = 20;
        const limits = [
          concurrency({ limit: 3, name: 'slots' }),
          budget({ limit: runLimit, name: 'run' }),
          perKey(() => budget({ limit: 8, name: 'own' })),
        ];
        const { limiter, clock } = limiterOf({ limits });
        const jobs: Job[] = [];
        const of = (state: Job['state']): Job[] => jobs.filter((job) => job.state === state);
        const paid = new Map<Job, number>();

        const check = (): void => {
          const spentBy = (job: Job): number => paid.get(job) ?? job.credits;
          const spending = jobs.filter(({ state }) => state === 'running' || state === 'ended');
          const spent = spending.reduce((sum, job) => sum + spentBy(job), 0);
          expect(limiter.snapshot().limits[1]?.used).toBe(spent);
          expect(spent).toBeLessThanOrEqual(runLimit);
          for (const key of [0, 1, 2]) {
            const own = spending.filter(({ place }) => place.key === key).reduce((sum, job) => sum + spentBy(job), 0);
            expect(own).toBeLessThanOrEqual(8);
          }
          expect([limiter.active, limiter.waiting]).toEqual([of('running').length, of('waiting').length]);
          if (limiter.active === 0) expect(limiter.waiting).toBe(0);
          // With a slot free and enough for all in the run, those who wait do so for work of their own key.
          const isHeldByKeys = limiter.active < 3 && of('waiting').every(({ credits }) => spent + credits <= runLimit);
          const running = new Set(of('running').map(({ place }) => place.key));
          if (isHeldByKeys) for (const { place } of of('waiting')) expect(running).toContain(place.key);
          for (const { error } of of('dropped')) {
            if (!(error instanceof BudgetSpentError)) throw new Error('dropped for another reason', { cause: error });
            expect(error.cost).toBeGreaterThan(error.left);
          }
          expect(clock.pending).toBe(0);
        };

        for (const it of steps) {
          if (it.do === 'arrive') {
            const job = new Job(it.credits, it.key);
            jobs.push(job);
            limiter.enter(job);
          } else if (it.do === 'raise') {
            runLimit += it.by;
            limiter.update({ run: { limit: runLimit } });
          } else if (it.do === 'cancel') {
            const waiting = of('waiting');
            const job = waiting[it.which % Math.max(1, waiting.length)];
            if (job !== undefined && limiter.leave(job)) jobs.splice(jobs.indexOf(job), 1);
          } else {
            const running = of('running');
            const job = running[it.which % Math.max(1, running.length)];
            if (job === undefined) continue;
            const saved = Math.min(it.saved, job.credits);
            paid.set(job, job.credits - saved);
            job.end(limiter, saved);
          }
          check();
        }
        for (let [job] = of('running'); job !== undefined; [job] = of('running')) job.end(limiter, 0);
        check();
      }),
      runs(500),
    );
  });
});
