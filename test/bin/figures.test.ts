import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../bin/figures.js';

const perMinute = (limit: number): object => ({ limit, intervalMs: 60_000 });

describe('figuresOf', () => {
  it.each([
    [{ tier: 'free' }, { concurrent: 1, rate: perMinute(10), dailyCredits: 66 }],
    [{ tier: 'standard' }, { concurrent: 3, rate: perMinute(30), dailyCredits: 'off' }],
    [{ tier: 'pro' }, { concurrent: 5, rate: perMinute(60), dailyCredits: 'off' }],
    [
      { tier: 'enterprise', concurrent: 10, rate: { limit: 5, intervalMs: 1_000 } },
      { concurrent: 10, rate: { limit: 5, intervalMs: 1_000 }, dailyCredits: 'off' },
    ],
    [
      { tier: 'enterprise', concurrent: 40, rate: 'off', dailyCredits: 900 },
      { concurrent: 40, rate: 'off', dailyCredits: 900 },
    ],
    [
      { tier: 'free', concurrent: 7, rate: 'off', dailyCredits: 'off' },
      { concurrent: 7, rate: 'off', dailyCredits: 'off' },
    ],
    [
      { tier: 'pro', dailyCredits: 100 },
      { concurrent: 5, rate: perMinute(60), dailyCredits: 100 },
    ],
    [
      { tier: 'pro', concurrent: 'auto', timeZone: 'Asia/Shanghai' },
      { concurrent: 5, isAuto: true, rate: perMinute(60), dailyCredits: 'off', timeZone: 'Asia/Shanghai' },
    ],
    [
      { tier: 'enterprise', concurrent: 'auto', rate: 'off' },
      { concurrent: 10, isAuto: true, rate: 'off', dailyCredits: 'off' },
    ],
  ] as const)('%j', (flags, figures) => {
    expect(figuresOf(flags)).toEqual({ isAuto: false, timeZone: 'UTC', ...figures });
  });

  it.each([
    [{ tier: 'enterprise' }, 'needs --concurrent and --rate'],
    [{ tier: 'enterprise', rate: 'off' }, 'needs --concurrent:'],
    [{ tier: 'enterprise', concurrent: 10 }, 'needs --rate:'],
    [{ tier: 'enterprise', concurrent: 9, rate: 'off' }, 'raise --concurrent (got 9)'],
  ] as const)('refuses %j', (flags, words) => {
    expect(() => figuresOf(flags)).toThrow(words);
  });
});
