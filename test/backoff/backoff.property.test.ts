import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffBounds, backoffDelay, type BackoffOptions, type Jitter } from '../../src/backoff/backoff.js';
import { runs } from '../runs.js';

const jitter = fc.constantFrom<Jitter[]>('proportional', 'full', 'equal', 'decorrelated', 'none');
const ms = fc.oneof(fc.constantFrom(0, 1, 1_000, 60_000), fc.double({ min: 0, max: 1e12, noNaN: true }));
const attempt = fc.oneof(fc.nat(12), fc.nat(2_000));
const options = fc.record<BackoffOptions>(
  { attempt, baseMs: ms, capMs: ms, jitter, previousMs: ms, hintMs: ms },
  { requiredKeys: ['attempt'] },
);
const draw = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 1 - 2 ** -53, 1, -3, 8, NaN));

/** A small generator of numbers in [0, 1), the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function schedule(given: BackoffOptions, seed: number): number[] {
  const random = seeded(seed);
  return Array.from({ length: 12 }, (_, attempt) => backoffDelay({ ...given, attempt, random }));
}

describe('backoff', () => {
  it('should always draw within its bounds, for every attempt, base, cap, kind and draw', () => {
    fc.assert(
      fc.property(options, draw, (given, drawn) => {
        const { minMs, maxMs } = backoffBounds(given);
        const delayMs = backoffDelay({ ...given, random: () => drawn });
        expect(delayMs).toBeGreaterThanOrEqual(minMs);
        expect(delayMs).toBeLessThanOrEqual(maxMs);
      }),
      runs(1_000),
    );
  });

  it('should always reach both of its bounds where nothing floors it', () => {
    fc.assert(
      fc.property(options, (given) => {
        const { minMs, maxMs } = backoffBounds(given);
        expect(backoffDelay({ ...given, random: () => 0 })).toBe(minMs);
        expect(backoffDelay({ ...given, random: () => 1 })).toBe(maxMs);
      }),
    );
  });

  it('should always be bounded by the stated table', () => {
    fc.assert(
      fc.property(attempt, ms, ms, jitter, (number, baseMs, capMs, kind) => {
        const e = baseMs === 0 ? 0 : Math.min(capMs, baseMs * 2 ** number);
        const { minMs, maxMs } = backoffBounds({ attempt: number, baseMs, capMs, jitter: kind });
        const table = {
          proportional: [e, e * 1.5],
          full: [0, e],
          equal: [e / 2, e],
          decorrelated: [Math.min(baseMs, capMs), Math.min(capMs, 3 * baseMs)],
          none: [e, e],
        };
        expect([minMs, maxMs]).toEqual(table[kind]);
      }),
    );
  });

  it('should never give less than the hint, nor be cut by the cap below it', () => {
    fc.assert(
      fc.property(options, ms, draw, (given, hintMs, drawn) => {
        expect(backoffDelay({ ...given, hintMs, random: () => drawn })).toBeGreaterThanOrEqual(hintMs);
      }),
    );
  });

  it('should always have a ceiling that never falls from one attempt to the next', () => {
    fc.assert(
      fc.property(options, ({ attempt: number, ...rest }) => {
        const [now, next] = [number, number + 1].map((each) => backoffBounds({ ...rest, attempt: each }).maxMs);
        expect(next).toBeGreaterThanOrEqual(now ?? NaN);
      }),
    );
  });

  it('should always give the same schedule for the same seed, and a new draw for each attempt', () => {
    fc.assert(
      fc.property(options, fc.nat(), (given, seed) => {
        expect(schedule(given, seed)).toEqual(schedule(given, seed));
      }),
    );
    const full = schedule({ attempt: 0, jitter: 'full', capMs: 1e9 }, 1);
    expect(new Set(full.map((delayMs, index) => delayMs / 2 ** index)).size).toBe(full.length);
  });
});
