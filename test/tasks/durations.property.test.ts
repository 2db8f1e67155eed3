import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Durations } from '../../src/tasks/durations.js';
import { runs } from '../runs.js';

const durationMs = fc.oneof(
  fc.nat(300_000),
  fc.constantFrom(0, 1, 60_000),
  fc.double({ min: 0, max: 1e9, noNaN: true }),
);
const ageMs = fc.oneof(durationMs, fc.constantFrom(0, 59_999, 60_000, 1e12));

function durationsOf(all: readonly number[]): Durations {
  const durations = new Durations();
  for (const each of all) durations.add(each);
  return durations;
}

describe('durations', () => {
  it('should always leave a share that falls with age, from one, and never is nothing', () => {
    fc.assert(
      fc.property(fc.array(durationMs, { minLength: 1, maxLength: 80 }), ageMs, ageMs, (all, one, other) => {
        const durations = durationsOf(all);
        const [younger, older] = [Math.min(one, other), Math.max(one, other)];
        expect(durations.shareAt(0)).toBeLessThanOrEqual(1);
        expect(durations.shareAt(older)).toBeLessThanOrEqual(durations.shareAt(younger));
        expect(durations.shareAt(older)).toBeGreaterThan(0);
      }),
      runs(300),
    );
  });

  it('should always have an area that grows by no more than the share at the younger age, and no less than at the older', () => {
    fc.assert(
      fc.property(fc.array(durationMs, { minLength: 1, maxLength: 80 }), ageMs, ageMs, (all, one, other) => {
        const durations = durationsOf(all);
        const [younger, older] = [Math.min(one, other), Math.max(one, other)];
        const grown = durations.areaUntil(older) - durations.areaUntil(younger);
        const rounding = 1e-12 * (1 + durations.areaUntil(older));
        expect(durations.areaUntil(0)).toBe(0);
        expect(grown).toBeLessThanOrEqual((older - younger) * durations.shareAt(younger) + rounding);
        expect(grown).toBeGreaterThanOrEqual((older - younger) * durations.shareAt(older) - rounding);
      }),
      runs(300),
    );
  });

  it('should always find the first of them at which more than a share have ended', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(durationMs, { minLength: 1, maxLength: 64 }), share, (all, ended) => {
        const durations = durationsOf(all);
        const enough = all.filter((each) => 1 - durations.shareAt(each) > ended);
        expect(durations.ageWhenEnded(ended)).toBe(Math.min(...enough));
      }),
      runs(300),
    );
  });

  it('should always be about the latest 64 alone', () => {
    fc.assert(
      fc.property(
        fc.array(durationMs, { maxLength: 80 }),
        fc.array(durationMs, { minLength: 64, maxLength: 64 }),
        ageMs,
        (before, latest, age) => {
          const [all, known] = [durationsOf([...before, ...latest]), durationsOf(latest)];
          expect(all.count).toBe(64);
          expect(all.meanMs).toBe(known.meanMs);
          expect(all.shareAt(age)).toBe(known.shareAt(age));
          expect(all.areaUntil(age)).toBe(known.areaUntil(age));
        },
      ),
      runs(100),
    );
  });

  it('should never count what is no span of time', () => {
    expect(durationsOf([NaN, -1, Infinity, -Infinity]).count).toBe(0);
  });
});

describe('the share of lives that last longer', () => {
  it('counts those known, and half a one more for what nobody has seen', () => {
    const durations = durationsOf([10, 20, 30, 40]);
    expect(durations.meanMs).toBe(25);
    expect(durations.shareAt(0)).toBe(1);
    expect(durations.shareAt(25)).toBe((2 + 0.25) / 4.5);
    // At the very age at which one ends it has ended.
    expect(durations.shareAt(40)).toBe((0.5 * 25) / 65 / 4.5);
  });
});
