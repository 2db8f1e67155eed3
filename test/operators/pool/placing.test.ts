import { concat, from, NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { concurrencyLimit } from '../../../operators/concurrencyLimit.js';
import { createLimiter } from '../../../operators/createLimiter.js';
import { rateLimit } from '../../../operators/rateLimit.js';
import { OptionsError } from '../../../src/errors.js';
import type { Limiter } from '../../../src/limiter/limiter.js';
import { slidingWindow } from '../../../src/limits/slidingWindow.js';
import { marbles } from '../marbles.js';
import { record } from '../recording.js';

const oneEach2Ms = (): Limiter => createLimiter({ limits: [slidingWindow({ limit: 1, intervalMs: 2 })] });

describe('the place of a value in a shared limiter', () => {
  it(
    'is fair between keys, and in turn within one',
    marbles(({ cold, expectObservable }) => {
      const source = cold('(abcXYZ|)');
      const result = '     a-b-X-c-Y-(Z|)';
      const key = (letter: string): string => (letter < 'a' ? 'upper' : 'lower');
      expectObservable(source.pipe(rateLimit({ limiter: oneEach2Ms(), key }))).toBe(result);
    }),
  );

  it(
    'is before all of a lower priority',
    marbles(({ cold, expectObservable }) => {
      const source = cold('(abcXYZ|)');
      const result = '     a-X-Y-Z-b-(c|)';
      const priority = (letter: string): number => (letter < 'a' ? 1 : 0);
      const work = concurrencyLimit((it: string) => of(it), { limiter: oneEach2Ms(), priority });
      expectObservable(source.pipe(work)).toBe(result);
    }),
  );

  it.each([
    { weight: () => 0, what: 'a weight of 0' },
    { priority: () => NaN, what: 'a priority that is no number' },
  ])('ends the stream with $what', ({ weight, priority }) => {
    const place = { ...(weight && { weight }), ...(priority && { priority }) };
    const limited = concat(from(['a']), NEVER).pipe(rateLimit({ limiter: oneEach2Ms(), key: () => 'k', ...place }));
    expect(record(limited).error).toBeInstanceOf(OptionsError);
  });
});
