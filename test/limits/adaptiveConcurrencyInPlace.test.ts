import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import type { Limit } from '../../src/limits/limit.js';
import { limitOf, refuse, taking } from './slots.js';

const second = 1_000;

describe('adaptiveConcurrency, told of work that is refused in its place', () => {
  it('falls as for work that gives its place back, which it keeps', () => {
    const limit = taking(adaptiveConcurrency({ max: 20, initial: 9 }), 8, 0);
    limit.take(1, 1);
    limit.refused?.(1, 1, second);
    expect(limit.usage(second)).toEqual({ used: 9, capacity: 6, resetsAtMs: Infinity });
  });

  it('counts several at once as one event, though they were taken at one instant', () => {
    // Ten sent at once to three slots.
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 10 }), 10, 0);
    const limits = [1, 2, 3, 4, 5, 6, 7].map((nth) => {
      limit.refused?.(1, 0, second + nth);
      return limitOf(limit, second + nth);
    });
    expect(limits).toEqual([6, 6, 6, 6, 5, 4, 3]);
  });

  it('counts as another event where it was taken as the limit fell', () => {
    const limit = taking(adaptiveConcurrency({ max: 20, initial: 9 }), 8, 0);
    limit.take(1, 1);
    limit.refused?.(1, 1, second);
    for (let ended = 0; ended < 2; ended++) limit.release(1, 0, second, 'succeeded');
    limit.take(1, second);
    limit.refused?.(1, second, second);
    expect(limitOf(limit, second)).toBe(4);
  });

  it('is the probe: nobody else is let in, however quiet it is, until it has its slot', () => {
    const limit = taking(adaptiveConcurrency({ max: 9, initial: 4, decrease: 1 }), 3, 0);
    limit.take(1, 1);
    limit.refused?.(1, 1, second);
    expect(limit.earliest(1, 3_600 * second)).toBe(Infinity);
    limit.granted?.(1, 1, 3_600 * second);
    expect(limit.earliest(1, 3_600 * second)).toBe(3_610 * second);
  });

  /** Three run; the fourth has been refused `times` in a row, each after its wait, and waits in its place. */
  function patient(times: number): { readonly limit: Limit; readonly takenAtMs: number; readonly nowMs: number } {
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 3, decrease: 1 }), 3, 0);
    let nowMs = 0;
    for (let probe = 1; ; probe++) {
      nowMs = limit.earliest(1, nowMs);
      limit.earliest(1, nowMs);
      limit.take(1, nowMs);
      if (probe === times) break;
      refuse(limit, nowMs, nowMs);
    }
    limit.refused?.(1, nowMs, nowMs);
    return { limit, takenAtMs: nowMs, nowMs };
  }

  it.each(['granted', 'released'] as const)('is a probe that held once it is %s as it was refused', (how) => {
    const { limit, takenAtMs, nowMs } = patient(3);
    if (how === 'granted') limit.granted?.(1, takenAtMs, nowMs);
    limit.release(1, takenAtMs, nowMs, 'succeeded');
    // 10 s, where the refused level would be tried again after 40.
    expect(limit.earliest(1, nowMs)).toBe(nowMs + 10 * second);
  });

  it.each(['failed', 'no-slot', 'refund', 'succeeded once another has ended'] as const)(
    'is none that held where it is %s',
    (how) => {
      const { limit, takenAtMs, nowMs } = patient(3);
      if (how === 'refund') limit.refund(1, takenAtMs);
      else if (how === 'succeeded once another has ended') {
        limit.release(1, 0, nowMs, 'succeeded');
        limit.release(1, takenAtMs, nowMs, 'succeeded');
        limit.take(1, nowMs + 1);
      } else limit.release(1, takenAtMs, nowMs, how);
      expect(limit.earliest(1, nowMs + 2)).toBe(nowMs + 40 * second);
    },
  );

  it('is refused again as often as it likes: what fits stays what it was, and quiet counts from the last time', () => {
    const { limit, takenAtMs, nowMs } = patient(1);
    for (let again = 1; again <= 20; again++) limit.refused?.(1, takenAtMs, nowMs + again * second);
    expect(limitOf(limit, nowMs + 20 * second)).toBe(3);
    limit.refund(1, takenAtMs);
    expect(limit.earliest(1, nowMs + 20 * second)).toBe(nowMs + 30 * second);
  });

  it('says more exactly what fits as others take what has become free', () => {
    const { limit, takenAtMs, nowMs } = patient(1);
    limit.release(1, 0, nowMs, 'succeeded');
    limit.refused?.(1, takenAtMs, nowMs + second);
    expect(limit.usage(nowMs + second)).toMatchObject({ used: 3, capacity: 2 });
  });

  it('never counts as fitting for another that gives its place back', () => {
    const { limit, nowMs } = patient(1);
    refuse(limit, 0, nowMs);
    expect(limitOf(limit, nowMs)).toBe(2);
  });

  it('is nothing to it where the work costs nothing of it', () => {
    const limit = taking(adaptiveConcurrency({ max: 9, initial: 4 }), 4, 0);
    limit.take(0, 1);
    limit.refused?.(0, 1, second);
    expect(limitOf(limit, second)).toBe(4);
    expect(limit.earliest(1, second)).toBe(11 * second);
  });

  it('waits in a copy of the limit, which then goes its own way', () => {
    const { limit, takenAtMs, nowMs } = patient(1);
    const copy = limit.copy?.() ?? limit;
    expect(copy.earliest(1, nowMs)).toBe(Infinity);
    copy.granted?.(1, takenAtMs, nowMs);
    expect([copy.earliest(1, nowMs), limit.earliest(1, nowMs)]).toEqual([nowMs + 10 * second, Infinity]);
    limit.granted?.(1, takenAtMs, nowMs);
    expect(limit.earliest(1, nowMs)).toBe(nowMs + 10 * second);
  });
});
