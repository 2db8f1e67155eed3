import { describe, expect, it } from 'vitest';
import { backoffBounds, backoffDelay, readableHint, uniform, type Jitter } from '../../src/backoff/backoff.js';

const attempts = [0, 1, 2, 3, 4, 5, 6, 7];
const at = (random: number, jitter?: Jitter) =>
  attempts.map((attempt) => backoffDelay({ attempt, random: () => random, ...(jitter && { jitter }) }));

describe('backoffDelay', () => {
  it('by default is that of the source document: min(1 s * 2^attempt, 60 s) plus up to half of it', () => {
    expect(at(0)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(at(0.5)).toEqual([1_250, 2_500, 5_000, 10_000, 20_000, 40_000, 75_000, 75_000]);
    expect(at(1)).toEqual([1_500, 3_000, 6_000, 12_000, 24_000, 48_000, 90_000, 90_000]);
  });

  it.each<[Jitter, number[], number[]]>([
    ['none', [1_000, 2_000, 4_000, 8_000], [1_000, 2_000, 4_000, 8_000]],
    ['full', [0, 0, 0, 0], [500, 1_000, 2_000, 4_000]],
    ['equal', [500, 1_000, 2_000, 4_000], [750, 1_500, 3_000, 6_000]],
    ['proportional', [1_000, 2_000, 4_000, 8_000], [1_250, 2_500, 5_000, 10_000]],
    ['decorrelated', [1_000, 1_000, 1_000, 1_000], [2_000, 2_000, 2_000, 2_000]],
  ])('%s: the least, and half-way', (jitter, least, middle) => {
    expect([at(0, jitter).slice(0, 4), at(0.5, jitter).slice(0, 4)]).toEqual([least, middle]);
  });

  it('decorrelated goes from the base up to three times the previous delay, under the cap', () => {
    const next = (previousMs: number) =>
      backoffDelay({ attempt: 3, baseMs: 100, capMs: 1_000, jitter: 'decorrelated', previousMs, random: () => 1 });
    expect([next(100), next(200), next(400), next(10)]).toEqual([300, 600, 1_000, 100]);
  });

  it.each([NaN, Infinity, -1])('takes a hint or a base of %f for none', (ms) => {
    for (const misread of [{ hintMs: ms }, { baseMs: ms }]) {
      expect(backoffDelay({ attempt: 1, ...misread, random: () => 0 })).toBe(2_000);
      expect(backoffBounds({ attempt: 1, ...misread })).toEqual({ minMs: 2_000, maxMs: 3_000 });
    }
  });

  it('takes a hint as a floor, which no cap cuts short', () => {
    const delay = (hintMs: number) => backoffDelay({ attempt: 0, capMs: 60_000, hintMs, random: () => 0.5 });
    expect([delay(0), delay(1_200), delay(1_300), delay(900_000)]).toEqual([1_250, 1_250, 1_300, 900_000]);
  });

  it('starts at 2 s where a refusal says so', () => {
    expect(backoffDelay({ attempt: 1, baseMs: 2_000, random: () => 0 })).toBe(4_000);
  });

  it('keeps a base of 0 at 0, even where 2^attempt is no number any more', () => {
    expect(backoffBounds({ attempt: 2_000, baseMs: 0 })).toEqual({ minMs: 0, maxMs: 0 });
  });
});

describe('uniform', () => {
  it.each([
    [0, 10],
    [0.25, 12.5],
    [1, 20],
    [7, 20],
    [-1, 10],
    [NaN, 10],
    [Infinity, 20],
    [-Infinity, 10],
  ])('a draw of %f gives %f', (draw, expected) => {
    expect(uniform(10, 20, () => draw)).toBe(expected);
  });
});

describe('readableHint', () => {
  it.each([
    [undefined, undefined],
    [0, 0],
    [5, 5],
    [-1, undefined],
    [NaN, undefined],
    [Infinity, undefined],
  ])('of %s is %s', (hintMs, readable) => {
    expect(readableHint(hintMs)).toBe(readable);
  });
});
