import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { problemWith } from '../../docs/playground/fields.js';
import { fromHash, toHash } from '../../docs/playground/hash.js';
import { contradiction, defaults, fields, names } from '../../docs/playground/scenario.js';
import { runs } from '../runs.js';
import { anySettings } from './playgroundSettings.js';

describe('the address of a schedule', () => {
  it('should hold whatever may be set', () => {
    fc.assert(
      fc.property(anySettings, (given) => {
        const hash = toHash(given);
        const expected = hash === '' ? undefined : { settings: given, problems: [] };
        expect(fromHash(`#${hash}`)).toEqual(expected);
      }),
      runs(300),
    );
  });

  it('should say no more than what is not as it is to begin with', () => {
    expect(toHash(defaults)).toBe('');
    expect(toHash({ ...defaults, items: 7, window: false, arrivals: 'at once' })).toBe('items=7&window=off');
  });

  it.each([
    ['items=0', 'items must be from 1 to 1000 (got "0"): 120 is used.'],
    ['items=1001', 'items must be from 1 to 1000 (got "1001"): 120 is used.'],
    ['items=1.5', 'items must be a whole number from 1 to 1000 (got "1.5"): 120 is used.'],
    ['items=', 'items must be a whole number from 1 to 1000 (got ""): 120 is used.'],
    ['items=many', 'items must be a whole number from 1 to 1000 (got "many"): 120 is used.'],
    ['intervalMs=60', 'intervalMs must be from 1000 to 3600000 ms (got "60"): 60000 is used.'],
    ['window=yes', 'window must be on or off (got "yes"): on is used.'],
    [
      'jitter=much',
      'jitter must be one of proportional, full, equal, decorrelated, none (got "much"): proportional is used.',
    ],
    ['__proto__=1', 'There is no setting "__proto__".'],
    ['constructor=1', 'There is no setting "constructor".'],
    [`${'x'.repeat(50)}=1`, `There is no setting "${'x'.repeat(37)}...".`],
    ['taskMinMs=5000', 'The shortest work must not take longer than the longest.'],
    ['latencyMinMs=5000', 'The least latency must not be over the greatest.'],
  ])('should say what is wrong with %s, and go on without it', (hash, problem) => {
    expect(fromHash(`#${hash}`)).toEqual({ settings: defaults, problems: [problem] });
  });

  it('should keep what is right beside what is wrong', () => {
    const found = fromHash('#items=7&items=x&limit=5');
    expect(found?.settings).toEqual({ ...defaults, items: 7, limit: 5 });
    expect(found?.problems).toHaveLength(1);
  });

  it('should leave the hash of a heading alone', () => {
    expect(fromHash('#how-to-read-it')).toBeUndefined();
    expect(fromHash('')).toBeUndefined();
  });

  it('should make settings that may stand of any nonsense', () => {
    const name = fc.oneof(fc.constantFrom(...names), fc.string());
    const value = fc.oneof(fc.string(), fc.double().map(String), fc.constantFrom('on', 'none', '%', '%E0%A4%A'));
    const nonsense = fc
      .array(fc.tuple(name, value), { minLength: 1, maxLength: 8 })
      .map((pairs) => pairs.map((it) => it.join('=')).join('&'));
    fc.assert(
      fc.property(nonsense, (hash) => {
        const found = fromHash(`#${hash}`);
        if (found === undefined) return;
        expect(contradiction(found.settings)).toBeUndefined();
        expect(names.filter((it) => problemWith(fields[it], found.settings[it]) !== undefined)).toEqual([]);
      }),
      runs(500),
    );
  });
});
