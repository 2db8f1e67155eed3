import { describe, expect, it } from 'vitest';
import { between, oneOf, seededRandom } from '../../src/simulator/seededRandom.js';

describe('seededRandom', () => {
  it('draws what mulberry32 draws', () => {
    const random = seededRandom(0);
    expect([random(), random(), random()]).toEqual([0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]);
  });

  it('the same seed draws the same, another does not', () => {
    const draws = (seed: number): number[] => Array.from({ length: 5 }, seededRandom(seed));
    expect(draws(7)).toEqual(draws(7));
    expect(draws(7)).not.toEqual(draws(8));
  });

  it('spreads evenly: every tenth of [0, 1) is hit about as often as the others', () => {
    const random = seededRandom(1);
    const tenths = new Array<number>(10).fill(0);
    for (let count = 0; count < 100_000; count += 1) {
      const tenth = Math.floor(random() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    // 10,000 each, give or take five standard deviations.
    expect(Math.min(...tenths)).toBeGreaterThan(9_526);
    expect(Math.max(...tenths)).toBeLessThan(10_474);
  });

  it('between and oneOf cover their ends', () => {
    expect([between(2, 40, () => 0), between(2, 40, () => 0.5), between(5, 5, () => 0.9)]).toEqual([2, 21, 5]);
    expect([0, 0.49, 0.5, 0.999].map((draw) => oneOf(['a', 'b'], () => draw))).toEqual(['a', 'a', 'b', 'b']);
  });
});
