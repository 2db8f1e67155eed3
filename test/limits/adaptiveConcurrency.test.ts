import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency, type AdaptiveConcurrencyOptions } from '../../src/limits/adaptiveConcurrency.js';
import { limitContract } from './limitContract.js';
import { limitOf, probe, refuse, taking } from './slots.js';

limitContract('adaptiveConcurrency at its ceiling', () => adaptiveConcurrency({ max: 5, initial: 5 }));
limitContract('adaptiveConcurrency of one', () => adaptiveConcurrency({ max: 1 }));

const second = 1_000;

describe('adaptiveConcurrency', () => {
  it('lets one more in after 10 s of quiet, again and again, up to its ceiling', () => {
    const limit = taking(adaptiveConcurrency({ max: 4, initial: 2 }), 2, 0);
    expect(limit.earliest(1, 5 * second)).toBe(15 * second);
    expect(limit.earliest(1, 15 * second - 1)).toBe(15 * second);
    expect(limit.earliest(1, 15 * second)).toBe(15 * second);
    limit.take(1, 15 * second);
    expect(limit.earliest(1, 15 * second)).toBe(25 * second);
    expect(limit.earliest(1, 26 * second)).toBe(26 * second);
    limit.take(1, 26 * second);
    expect(limit.earliest(1, 99 * second)).toBe(Infinity);
    expect(limit.usage(99 * second)).toEqual({ used: 4, capacity: 4, resetsAtMs: Infinity });
  });

  it('never grows while nobody is held back', () => {
    const limit = taking(adaptiveConcurrency({ max: 9, initial: 3 }), 2, 0);
    for (let nowMs = 0; nowMs < 3_600 * second; nowMs += second) expect(limit.earliest(1, nowMs)).toBe(nowMs);
    expect(limitOf(limit, 3_600 * second)).toBe(3);
  });

  it('grows by no more than one piece of work that is then not sent', () => {
    const limit = taking(adaptiveConcurrency({ max: 9, initial: 3 }), 3, 0);
    limit.earliest(1, 0);
    for (let nowMs = 10 * second; nowMs < 3_600 * second; nowMs += second) expect(limit.earliest(1, nowMs)).toBe(nowMs);
    expect(limitOf(limit, 3_600 * second)).toBe(4);
  });

  it('falls to three quarters of what still runs when a probe is refused, and is back on it a step each 10 s', () => {
    const limit = taking(adaptiveConcurrency({ max: 20, initial: 9 }), 9, 0);
    refuse(limit, 0, second);
    expect(limitOf(limit, second)).toBe(6);
    for (const atMs of [11 * second, 21 * second]) {
      expect(limit.earliest(1, atMs - 1)).toBe(atMs);
      limit.earliest(1, atMs);
    }
    expect(limitOf(limit, 21 * second)).toBe(8);
  });

  it('takes nothing back: what runs goes on, and nothing starts before there is room under the lowered limit', () => {
    const limit = taking(adaptiveConcurrency({ max: 20, initial: 9, probeAfterMs: 1e9, maxProbeAfterMs: 1e9 }), 9, 0);
    refuse(limit, 0, second);
    expect(limit.usage(second)).toEqual({ used: 8, capacity: 6, resetsAtMs: Infinity });
    expect(limit.earliest(0, second)).toBe(second);
    for (let ended = 1; ended <= 2; ended++) {
      limit.release(1, 0, 2 * second, 'succeeded');
      expect(limit.earliest(1, 2 * second)).toBe(1e9 + second);
    }
    limit.release(1, 0, 2 * second, 'succeeded');
    expect(limit.earliest(1, 2 * second)).toBe(2 * second);
  });

  it('counts the refusals of work admitted before the fall as one event, which only says more exactly what fits', () => {
    // Ten sent at once to three slots.
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 10 }), 10, 0);
    const limits = [1, 2, 3, 4, 5, 6, 7].map((nth) => {
      refuse(limit, 0, second + nth);
      return limitOf(limit, second + nth);
    });
    expect(limits).toEqual([6, 6, 6, 6, 5, 4, 3]);
  });

  it('falls again for work that was admitted after the fall', () => {
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 8 }), 8, 0);
    refuse(limit, 0, second);
    expect(limitOf(limit, second)).toBe(5);
    limit.release(1, 0, second, 'succeeded');
    limit.release(1, 0, second, 'succeeded');
    limit.release(1, 0, second, 'succeeded');
    limit.take(1, second);
    refuse(limit, second, 2 * second);
    expect(limitOf(limit, 2 * second)).toBe(3);
  });

  it('tries a refused level again after 10 s, 20, 40 ... and every 2 minutes from then on', () => {
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 3, decrease: 1 }), 3, 0);
    let nowMs = limit.earliest(1, 0);
    const waits: number[] = [];
    for (let probe = 0; probe < 7; probe++) {
      expect(limit.earliest(1, nowMs)).toBe(nowMs);
      limit.take(1, nowMs);
      refuse(limit, nowMs, nowMs + second);
      const atMs = limit.earliest(1, nowMs + second);
      waits.push((atMs - nowMs) / second - 1);
      nowMs = atMs;
    }
    expect(waits).toEqual([10, 20, 40, 80, 120, 120, 120]);
  });

  it('is quick again once a probe has held, and patient only with what was refused since', () => {
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 3, decrease: 1 }), 3, 0);
    let nowMs = 0;
    for (let refused = 0; refused < 3; refused++) {
      nowMs = probe(limit, nowMs);
      refuse(limit, nowMs, nowMs);
    }
    // The fourth waits for 40 s, and holds; the fifth and the sixth come at once after.
    const gaps = [0, 0, 0].map(() => {
      const atMs = probe(limit, nowMs);
      const gapMs = atMs - nowMs;
      nowMs = atMs;
      return gapMs / second;
    });
    expect(gaps).toEqual([40, 10, 10]);
    refuse(limit, nowMs, nowMs);
    expect(limit.earliest(1, nowMs)).toBe(nowMs + 10 * second);
  });

  it('is quick with the level above one that was refused, and has held since', () => {
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 3, decrease: 1 }), 3, 0);
    const refusedAtMs = probe(limit, 0);
    refuse(limit, refusedAtMs, refusedAtMs);
    const aboveAtMs = probe(limit, probe(limit, refusedAtMs));
    refuse(limit, aboveAtMs, aboveAtMs);
    expect(probe(limit, aboveAtMs)).toBe(aboveAtMs + 10 * second);
  });

  it('is not patient with a level that is refused for the first time, however often another was', () => {
    const limit = taking(adaptiveConcurrency({ max: 10, initial: 3, decrease: 1 }), 3, 0);
    let nowMs = 0;
    for (let refused = 0; refused < 4; refused++) {
      nowMs = probe(limit, nowMs);
      refuse(limit, nowMs, nowMs);
    }
    // Somebody else has taken a slot: where three fitted, two do.
    limit.release(1, 0, nowMs, 'succeeded');
    limit.take(1, nowMs);
    refuse(limit, nowMs, nowMs);
    expect(limit.earliest(1, nowMs)).toBe(nowMs + 10 * second);
  });

  it('keeps trying where nothing fits at all, without hammering', () => {
    const limit = adaptiveConcurrency({ max: 5, min: 2, initial: 2 });
    limit.take(1, 0);
    limit.take(1, 0);
    refuse(limit, 0, second);
    refuse(limit, 0, second);
    expect(limit.usage(second)).toEqual({ used: 0, capacity: 2, resetsAtMs: second });
    expect(limit.earliest(1, second)).toBe(11 * second);
    expect(limit.earliest(1, 11 * second)).toBe(11 * second);
  });

  it('falls no lower than its floor where that fits', () => {
    const limit = taking(adaptiveConcurrency({ max: 10, min: 4, initial: 6, decrease: 0.5 }), 6, 0);
    refuse(limit, 0, second);
    expect(limitOf(limit, second)).toBe(4);
    expect(limit.earliest(1, second)).toBe(11 * second);
    limit.release(1, 0, second, 'succeeded');
    limit.release(1, 0, second, 'succeeded');
    expect(limit.earliest(1, second)).toBe(second);
  });

  it('learns nothing from any other end, nor from a refund', () => {
    const limit = adaptiveConcurrency({ max: 10, initial: 5 });
    for (const outcome of ['succeeded', 'failed', 'too-fast', 'unknown'] as const) {
      limit.take(1, 0);
      limit.release(1, 0, second, outcome);
    }
    limit.take(1, 0);
    limit.refund(1, 0);
    expect(limit.usage(second)).toEqual({ used: 0, capacity: 5, resetsAtMs: second });
  });

  it('probes for heavy work by its weight, and never waits for ever for it', () => {
    const limit = adaptiveConcurrency({ max: 10, initial: 3 });
    limit.take(2, 0);
    expect(limit.earliest(6, 0)).toBe(10 * second);
    expect(limit.earliest(6, 10 * second)).toBe(10 * second);
    limit.take(6, 10 * second);
    expect(limit.usage(10 * second)).toEqual({ used: 8, capacity: 8, resetsAtMs: Infinity });
    expect(limit.earliest(3, 10 * second)).toBe(Infinity);
    expect(limit.earliest(11, 10 * second)).toBe(Infinity);
  });

  it('takes new bounds at once, and nothing back', () => {
    const limit = taking(adaptiveConcurrency({ max: 8, initial: 6 }), 6, 0);
    limit.update?.({ max: 4 });
    expect(limit.capacity).toBe(4);
    expect(limit.usage(0)).toEqual({ used: 6, capacity: 4, resetsAtMs: Infinity });
    limit.release(1, 0, 0, 'succeeded');
    limit.release(1, 0, 0, 'succeeded');
    expect(limit.earliest(1, 0)).toBe(Infinity);
    limit.update?.({ max: 9, probeAfterMs: 500 });
    expect(limit.earliest(1, 0)).toBe(500);
    limit.update?.({ min: 9 });
    expect(limitOf(limit, 0)).toBe(9);
  });

  it.each([{ max: 0 }, { min: 7 }, { maxProbeAfterMs: 1 }, { decrease: 2 }])('refuses the change %o', (change) => {
    const [path] = Object.keys(change);
    const limit = adaptiveConcurrency({ max: 5 });
    expect(() => limit.update?.(change)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
  });

  it('refuses to change its name', () => {
    const limit = adaptiveConcurrency({ max: 5 });
    expect(() => limit.update?.({ name: 'other' })).toThrow('name');
    expect(() => limit.update?.({ initial: 0 })).toThrow('initial');
  });

  it('takes a number that becomes known at once, within its bounds, and probes beyond it after quiet', () => {
    const limit = taking(adaptiveConcurrency({ max: 9, min: 2, initial: 3 }), 3, 0);
    limit.earliest(1, 0);
    limit.update?.({ initial: 5 }, 60 * second);
    expect(limit.earliest(2, 60 * second)).toBe(60 * second);
    expect(limit.earliest(3, 60 * second)).toBe(70 * second);
    const limits = [{ initial: 99 }, { initial: 1 }, { max: 6, initial: 99 }, { min: 4, initial: 1 }].map((change) => {
      limit.update?.(change, 60 * second);
      return limitOf(limit, 60 * second);
    });
    expect(limits).toEqual([9, 2, 6, 4]);
    expect(limit.earliest(1, 60 * second)).toBe(60 * second);
    limit.update?.({ initial: 4 });
    expect(limit.earliest(3, 80 * second)).toBe(90 * second);
  });

  it('never rises by a refusal, when it was lowered by hand under what runs', () => {
    const limit = taking(adaptiveConcurrency({ max: 20, initial: 20 }), 20, 0);
    limit.update?.({ max: 4 });
    refuse(limit, 0, second);
    expect(limitOf(limit, second)).toBe(4);
    limit.update?.({ initial: 3 }, second);
    refuse(limit, 0, 2 * second);
    expect(limitOf(limit, 2 * second)).toBe(3);
  });

  it('has copies that know what it knows, and go their own ways', () => {
    const limit = taking(adaptiveConcurrency({ max: 9, initial: 4, decrease: 1 }), 4, 0);
    let nowMs = 0;
    for (let refused = 0; refused < 3; refused++) {
      nowMs = probe(limit, nowMs);
      refuse(limit, nowMs, nowMs);
    }
    expect(limit.copy?.().earliest(1, nowMs + second)).toBe(nowMs + 40 * second);
    limit.take(1, nowMs);
    const copy = limit.copy?.() ?? limit;
    // Of the same event for both, which is no new one for either.
    for (const each of [limit, copy]) refuse(each, nowMs - 1, nowMs + 1);
    const nextMs = limit.earliest(1, nowMs + 1);
    expect(nextMs).toBe(nowMs + 1 + 40 * second);
    expect(copy.earliest(1, nowMs + 1)).toBe(nextMs);
    copy.release(1, 0, nowMs + 1, 'succeeded');
    expect([copy.usage(nowMs + 1).used, limit.usage(nowMs + 1).used]).toEqual([3, 4]);
  });

  it.each<[Partial<Record<keyof AdaptiveConcurrencyOptions, unknown>>, string]>([
    [{ max: 0 }, 'max'],
    [{ min: 0 }, 'min'],
    [{ min: 6 }, 'min'],
    [{ min: 2, initial: 1 }, 'initial'],
    [{ initial: 6 }, 'initial'],
    [{ decrease: 0 }, 'decrease'],
    [{ decrease: 1.01 }, 'decrease'],
    [{ probeAfterMs: 0 }, 'probeAfterMs'],
    [{ probeAfterMs: 2_000, maxProbeAfterMs: 1_000 }, 'maxProbeAfterMs'],
    [{ name: '' }, 'name'],
  ])('refuses %o', (wrong, path) => {
    const options = { max: 5, ...wrong } as AdaptiveConcurrencyOptions;
    expect(() => adaptiveConcurrency(options)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path }));
  });
});
