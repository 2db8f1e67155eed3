import { describe, expect, it, onTestFinished } from 'vitest';
import * as z from 'zod';
import { OptionsError } from '../src/errors.js';
import { amount, callback, durationMs, having, parseOptions, positiveCount, positiveMs } from '../src/options.js';
import { isPermanent, type RefusalMeaning } from '../src/refusal.js';

const passes = (schema: z.core.$ZodType, value: unknown): boolean => z.safeParse(schema, value).success;
const never = [NaN, Infinity, -Infinity, -1, '1', null, undefined];

describe('the shapes of options', () => {
  it.each<[string, z.core.$ZodType, readonly unknown[], readonly unknown[]]>([
    ['durationMs', durationMs, [0, 0.5, 1e12], never],
    ['positiveMs', positiveMs, [0.5, 1e12], [0, ...never]],
    ['positiveCount', positiveCount, [1, 1e9], [0, 1.5, ...never]],
    ['amount', amount, [0, 0.5, 66], never],
    ['callback', callback<() => void>(), [() => {}, Math.random], [{}, null, undefined, 'f']],
    ['having', having<{ now(): number }>('now'), [{ now: () => 1 }, performance], [{}, { now: 1 }, null, () => 1]],
  ])('%s', (_, schema, good, bad) => {
    expect(good.filter((value) => !passes(schema, value))).toEqual([]);
    expect(bad.filter((value) => passes(schema, value))).toEqual([]);
  });
});

describe('parseOptions', () => {
  const schema = z.strictObject({ limit: positiveCount, queue: z.strictObject({ maxSize: positiveCount }).optional() });
  const refusalOf = (value: unknown): OptionsError => {
    try {
      parseOptions(schema, value, 'thing');
    } catch (error) {
      if (error instanceof OptionsError) return error;
      throw error;
    }
    throw new Error('it passed');
  };

  it('returns what it has checked', () => {
    expect(parseOptions(schema, { limit: 3 }, 'thing')).toEqual({ limit: 3 });
  });

  it.each<[unknown, string, RegExp]>([
    [{ limit: 0 }, 'limit', /^thing: limit: .*>=1.*\(got 0\)$/],
    [{ limit: '3' }, 'limit', /^thing: limit: .*expected (number|int).*\(got "3"\)$/],
    [{ limit: Infinity }, 'limit', /^thing: limit: .*\(got Infinity\)$/],
    [{ limit: 1, queue: { maxSize: -2 } }, 'queue.maxSize', /^thing: queue\.maxSize: .*\(got -2\)$/],
    [{ limit: 1, speed: 2 }, '', /^thing: .*unrecognized key.*"speed"/],
    [undefined, '', /^thing: .*expected object/],
    [5, '', /^thing: .*expected object.*\(got 5\)$/],
  ])('refuses %o, and says where and what', (value, path, message) => {
    const error = refusalOf(value);
    expect(error.path).toBe(path);
    expect(error.message).toMatch(message);
    expect(error.code).toBe('SLUICE_BAD_OPTIONS');
    expect(error.name).toBe('OptionsError');
    expect(error.cause).toBeInstanceOf(z.core.$ZodError);
  });

  it('says it in English, whatever language the application has set zod to', () => {
    const before = { ...z.config() };
    onTestFinished(() => void z.config(before));
    z.config(z.locales.de());
    expect(z.safeParse(z.number(), 'x').error?.message).toContain('Ungültige Eingabe');
    expect(refusalOf({ limit: 0 }).message).toBe('thing: limit: too small: expected number to be >=1 (got 0)');
  });
});

describe('isPermanent', () => {
  it.each<[RefusalMeaning, boolean]>([
    ['too-fast', false],
    ['no-slot', false],
    ['exhausted', true],
    ['account', true],
    ['invalid', true],
    ['policy', true],
    ['auth-stale', false],
    ['transient', false],
    ['ambiguous', false],
    ['duplicate', false],
  ])('%s: %s', (meaning, is) => {
    expect(isPermanent({ meaning })).toBe(is);
  });
});
