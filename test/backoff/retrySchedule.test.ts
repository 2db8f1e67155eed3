import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Jitter } from '../../src/backoff/backoff.js';
import { RetrySchedule, retryScheduleShape, type RetryScheduleOptions } from '../../src/backoff/retrySchedule.js';
import { parseOptions } from '../../src/options.js';
import { isPermanent, type Refusal, type RefusalMeaning } from '../../src/refusal.js';
import { z } from 'zod';

const meanings: RefusalMeaning[] = [
  ...(['too-fast', 'no-slot', 'exhausted', 'account', 'invalid'] as const),
  ...(['policy', 'auth-stale', 'transient', 'ambiguous', 'duplicate'] as const),
];

const parsed = (options: RetryScheduleOptions) => parseOptions(z.strictObject(retryScheduleShape), options, 'test');

function scheduleOf(options: RetryScheduleOptions = {}): RetrySchedule {
  return new RetrySchedule(parsed({ random: () => 0, ...options }));
}

const delays = (schedule: RetrySchedule, refusals: readonly Refusal[]) =>
  refusals.map((refusal) => schedule.next(refusal));
const tooFast: Refusal = { meaning: 'too-fast' };
const noSlot: Refusal = { meaning: 'no-slot' };
const transient: Refusal = { meaning: 'transient' };

describe('RetrySchedule', () => {
  it.each([
    [-1, 'too small: expected number to be >=0 (got -1)'],
    [1.5, 'must be an integer of at least 0, or Infinity'],
  ])('refuses %s retries, and says what would do', (maxRetries, words) => {
    expect(() => scheduleOf({ maxRetries })).toThrow(`maxRetries: ${words}`);
  });

  it('by default tries again five times, 1, 2, 4, 8 and 16 s later, then gives up', () => {
    const schedule = scheduleOf();
    expect(delays(schedule, new Array<Refusal>(7).fill(tooFast))).toEqual([
      ...[1_000, 2_000, 4_000, 8_000, 16_000],
      undefined,
      undefined,
    ]);
  });

  it('never tries again with maxRetries 0', () => {
    expect(scheduleOf({ maxRetries: 0 }).next(transient)).toBeUndefined();
  });

  it('gives up at once on what is permanent', () => {
    expect(meanings.filter((meaning) => scheduleOf().next({ meaning }) === undefined)).toEqual([
      ...['exhausted', 'account', 'invalid', 'policy'],
    ]);
  });

  it('spends no attempt on a missing slot, though the waits grow', () => {
    const schedule = scheduleOf({ maxRetries: 1, capMs: 5_000 });
    expect(delays(schedule, [noSlot, noSlot, noSlot, noSlot, transient, noSlot, transient])).toEqual([
      ...[1_000, 2_000, 4_000, 5_000, 5_000, 5_000],
      undefined,
    ]);
  });

  it("takes a refusal's base before its own: 2 s after a 5xx", () => {
    expect(delays(scheduleOf(), [{ meaning: 'transient', baseMs: 2_000 }, tooFast])).toEqual([2_000, 2_000]);
  });

  it('takes its own base where that of a refusal was misread', () => {
    expect(delays(scheduleOf({ baseMs: 500 }), [{ meaning: 'transient', baseMs: NaN }, transient])).toEqual([
      500, 1_000,
    ]);
  });

  it('waits as long as the hint at least', () => {
    const hinted = (hintMs: number): Refusal => ({ meaning: 'too-fast', hintMs });
    expect(delays(scheduleOf(), [hinted(90_000), hinted(500)])).toEqual([90_000, 2_000]);
  });

  it('draws decorrelated delays from the previous one', () => {
    const schedule = scheduleOf({ jitter: 'decorrelated', baseMs: 100, capMs: 2_000, random: () => 1 });
    expect(delays(schedule, [transient, transient, transient, transient])).toEqual([300, 900, 2_000, 2_000]);
  });
});

describe('the options of a retry schedule', () => {
  it('are those of the source document where none is given, with chance as it comes', () => {
    const defaults = { maxRetries: 5, baseMs: 1_000, capMs: 60_000, jitter: 'proportional', random: Math.random };
    expect(parsed({})).toEqual(defaults);
  });

  it.each<Jitter>(['proportional', 'full', 'equal', 'decorrelated', 'none'])('know %s jitter', (jitter) => {
    expect(parsed({ jitter }).jitter).toBe(jitter);
  });
});

describe('RetrySchedule, by law', () => {
  const refusal = fc.record<Refusal>(
    { meaning: fc.constantFrom(...meanings), hintMs: fc.nat(100_000), baseMs: fc.nat(5_000) },
    { requiredKeys: ['meaning'] },
  );
  const cases = fc.record({
    maxRetries: fc.oneof(fc.nat(6), fc.constant(Infinity)),
    refusals: fc.array(refusal, { maxLength: 60 }),
  });

  it('should always spend one attempt on each retry but those for a slot, at most maxRetries, and none on the permanent', () => {
    fc.assert(
      fc.property(cases, ({ maxRetries, refusals }) => {
        const schedule = scheduleOf({ maxRetries });
        let spent = 0;
        for (const each of refusals) {
          const delayMs = schedule.next(each);
          const tries = !isPermanent(each) && (each.meaning === 'no-slot' || spent < maxRetries);
          expect(delayMs !== undefined).toBe(tries);
          if (tries && each.meaning !== 'no-slot') spent += 1;
        }
      }),
    );
  });

  it('should never wait less than a hint, nor anything but a finite time of at least 0', () => {
    fc.assert(
      fc.property(cases, ({ maxRetries, refusals }) => {
        const schedule = scheduleOf({ maxRetries });
        for (const each of refusals) {
          const delayMs = schedule.next(each) ?? Infinity;
          expect(delayMs).toBeGreaterThanOrEqual(each.hintMs ?? 0);
          expect(delayMs).not.toBeNaN();
        }
      }),
    );
  });
});
