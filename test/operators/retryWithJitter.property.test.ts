import fc from 'fast-check';
import { defer, Observable, of, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { retryWithJitter, type Retry } from '../../operators/retryWithJitter.js';
import { backoffBounds } from '../../src/backoff/backoff.js';
import { isPermanent, type Refusal, type RefusalMeaning } from '../../src/refusal.js';
import { record } from './recording.js';
import { refusalOf, Refused } from './refused.js';
import { runs } from '../runs.js';
import { VirtualClock } from './virtualClock.js';

const meaning = fc.constantFrom<RefusalMeaning>('too-fast', 'no-slot', 'no-slot', 'transient', 'ambiguous', 'policy');
const refusal: fc.Arbitrary<Refusal> = fc.record(
  {
    meaning,
    hintMs: fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.constant(40 * 86_400_000)),
    baseMs: fc.integer({ min: 0, max: 5_000 }),
  },
  { requiredKeys: ['meaning'] },
);
const schedule = fc.record({
  maxRetries: fc.integer({ min: 0, max: 6 }),
  baseMs: fc.integer({ min: 0, max: 5_000 }),
  capMs: fc.integer({ min: 0, max: 90_000 }),
  jitter: fc.constantFrom('proportional', 'full', 'equal', 'decorrelated', 'none'),
});
const draws = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
  minLength: 1,
  maxLength: 30,
  size: 'max',
});

describe('retryWithJitter', () => {
  it('should always try as often as it may, wait within its bounds, and end as the last try did', () => {
    fc.assert(
      fc.property(schedule, fc.array(refusal, { maxLength: 15, size: 'max' }), draws, (options, script, drawn) => {
        const clock = new VirtualClock();
        const errors = script.map((said) => new Refused(said));
        const triedAtMs: number[] = [];
        const retries: Retry[] = [];
        const source = defer(() => {
          const error = errors[triedAtMs.length];
          triedAtMs.push(clock.now());
          return error === undefined ? of('made it') : throwError(() => error);
        });
        let draw = 0;
        const random = (): number => drawn[draw++ % drawn.length] ?? 0;
        const onRetry = (retry: Retry): unknown => retries.push(retry);
        const retried = source.pipe(retryWithJitter({ ...options, classify: refusalOf, clock, random, onRetry }));
        const recording = record(retried, () => clock.now());
        clock.drain();

        let spent = 0;
        const lastTry = script.findIndex(
          (it) => isPermanent(it) || (it.meaning !== 'no-slot' && ++spent > options.maxRetries),
        );
        expect(triedAtMs).toHaveLength((lastTry === -1 ? script.length : lastTry) + 1);
        expect(retries.map(({ retry }) => retry)).toEqual(retries.map((_, index) => index + 1));
        retries.forEach(({ error, refusal: said, delayMs }, attempt) => {
          expect(error).toBe(errors[attempt]);
          const { baseMs = options.baseMs, hintMs = 0 } = said;
          const previousMs = retries[attempt - 1]?.delayMs ?? baseMs;
          const { minMs, maxMs } = backoffBounds({ ...options, attempt, baseMs, hintMs, previousMs });
          expect(delayMs).toBeGreaterThanOrEqual(Math.max(minMs, hintMs));
          expect(delayMs).toBeLessThanOrEqual(maxMs);
          expect(triedAtMs[attempt + 1]).toBe((triedAtMs[attempt] ?? NaN) + delayMs);
        });
        if (lastTry === -1) expect(recording).toMatchObject({ values: ['made it'], end: '|' });
        else expect(recording.error).toBe(errors[lastTry]);
        expect(recording.endedAtMs).toBe(triedAtMs.at(-1));
        expect(clock.pending).toBe(0);
      }),
      runs(500),
    );
  });

  it('should always subscribe once more than it may retry, where nothing ever helps', () => {
    fc.assert(
      fc.property(schedule, draws, (options, [random = 0]) => {
        const clock = new VirtualClock();
        let tries = 0;
        const source = defer(() => throwError(() => new Error(`${++tries}`)));
        const recording = record(source.pipe(retryWithJitter({ ...options, clock, random: () => random })));
        clock.drain();
        expect(tries).toBe(options.maxRetries + 1);
        expect(recording.error).toEqual(new Error(`${tries}`));
      }),
      runs(100),
    );
  });

  it('should never wait longer than wakeOn lets it', () => {
    const wakes = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 5, size: 'max' });
    fc.assert(
      fc.property(wakes, (wakesAfterMs) => {
        const clock = new VirtualClock();
        const triedAtMs: number[] = [];
        const source = defer(() => {
          triedAtMs.push(clock.now());
          return throwError(() => new Error('no'));
        });
        const wakeOn = (): Observable<void> =>
          new Observable((subscriber) => {
            const afterMs = wakesAfterMs[triedAtMs.length - 1] ?? Infinity;
            return clock.schedule(afterMs, () => subscriber.next());
          });
        const options = { maxRetries: wakesAfterMs.length, baseMs: 1_000, capMs: 1_000, jitter: 'none' } as const;
        record(source.pipe(retryWithJitter({ ...options, wakeOn, clock })));
        clock.drain();
        const waitsMs = triedAtMs.slice(1).map((atMs, index) => atMs - (triedAtMs[index] ?? NaN));
        expect(waitsMs).toEqual(wakesAfterMs.map((afterMs) => Math.min(afterMs, 1_000)));
        expect(clock.pending).toBe(0);
      }),
      runs(100),
    );
  });
});
