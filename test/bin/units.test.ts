import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatTicking,
  parseCount,
  parseCredits,
  parseDuration,
  parseNatural,
  parseRate,
  parseSpeed,
} from '../../bin/units.js';
import { UsageError } from '../../bin/usageError.js';

describe('reading what flags say', () => {
  it.each([
    ['500ms', 500],
    ['10s', 10_000],
    ['1.5m', 90_000],
    ['60m', 3_600_000],
    ['2h', 7_200_000],
  ])('a duration %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    '10',
    's',
    '0s',
    '-1s',
    '1 s',
    '1e3s',
    '10d',
    '.5s',
    'Infinitys',
    '9'.repeat(400) + 's',
    '10s\n',
    '1constructor',
  ])('no duration %j', (text) => {
    expect(() => parseDuration(text)).toThrow(UsageError);
  });

  it.each([
    ['30/60s', { limit: 30, intervalMs: 60_000 }],
    ['30/min', { limit: 30, intervalMs: 60_000 }],
    ['5/1s', { limit: 5, intervalMs: 1_000 }],
    ['5/s', { limit: 5, intervalMs: 1_000 }],
    ['1/250ms', { limit: 1, intervalMs: 250 }],
    ['1000/1.5h', { limit: 1_000, intervalMs: 5_400_000 }],
    ['1000/720h', { limit: 1_000, intervalMs: 2_592_000_000 }],
    ['off', 'off'],
  ])('a rate %s', (text, rate) => {
    expect(parseRate(text)).toEqual(rate);
  });

  it.each([
    '',
    '30',
    '0/1s',
    '-1/1s',
    '1.5/1s',
    '30/0s',
    '30/',
    '30/60',
    '30/fortnight',
    '30 / 60s',
    'on',
    '99999999999999999999/1s',
    '1/2400000000h',
    '1/9999999999999999999h',
  ])('no rate %j', (text) => {
    expect(() => parseRate(text)).toThrow(UsageError);
  });

  it('counts, credits and speeds', () => {
    expect([parseCount('1'), parseCount('120'), parseNatural('0'), parseNatural('7')]).toEqual([1, 120, 0, 7]);
    expect([parseCredits('66'), parseCredits('0.5'), parseCredits('off')]).toEqual([66, 0.5, 'off']);
    expect([parseSpeed('60'), parseSpeed('0.25')]).toEqual([60, 0.25]);
  });

  it.each(['', '-1', '1.5', 'x', '1e3', '0x10', ' 1', '99999999999999999999'])('no count %j', (text) => {
    expect(() => parseCount(text)).toThrow(UsageError);
    expect(() => parseNatural(text)).toThrow(UsageError);
  });

  it('nought is a natural number and nothing else', () => {
    expect(() => parseCount('0')).toThrow('at least 1');
    expect(() => parseCredits('0')).toThrow('more than 0');
    expect(() => parseSpeed('0.0')).toThrow('more than 0');
  });
});

describe('telling spans', () => {
  it.each([
    [0, '0.0 s'],
    [449, '0.4 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min'],
    [60_499, '1 min'],
    [451_000, '7 min 31 s'],
    [3_599_499, '59 min 59 s'],
    [3_599_500, '1 h'],
    [7_500_000, '2 h 5 min'],
  ])('%d ms', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [-5, '0:00'],
    [999, '0:00'],
    [34_000, '0:34'],
    [725_000, '12:05'],
    [3_723_000, '1:02:03'],
  ])('%d ms, ticking', (ms, text) => {
    expect(formatTicking(ms)).toBe(text);
  });
});
