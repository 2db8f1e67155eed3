import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';

function refusal(options: unknown): OptionsError {
  try {
    createLimiter(options as LimiterOptions);
  } catch (error) {
    if (error instanceof OptionsError) return error;
    throw error;
  }
  throw new Error('it was made');
}

describe('createLimiter', () => {
  it('is content with limits alone, even none', async () => {
    await expect(createLimiter({ limits: [] }).run(() => 'ran')).resolves.toBe('ran');
    await expect(createLimiter({ limits: [concurrency({ limit: 1 })] }).run(() => 'ran')).resolves.toBe('ran');
  });

  it('refuses two limits of one name, since costs and usage go by it', () => {
    const twice = () => slidingWindow({ limit: 30, intervalMs: 60_000 });
    const error = refusal({ limits: [twice(), concurrency({ limit: 3 }), twice()] });
    expect(error.message).toBe('createLimiter: two limits are named "30 per 60000 ms": give one of them a name');
    expect(error.path).toBe('limits');
  });

  it.each<[string, object, string, RegExp]>([
    ['no limits', {}, 'limits', /expected array/],
    ['a limit that is none', { limits: [{ limit: 3 }] }, 'limits.0', /an object with a method earliest\(\)/],
    ['an unknown key', { limits: [], rate: 3 }, '', /unrecognized key.*"rate"/],
    ['a queue of 0', { limits: [], queue: { maxSize: 0 } }, 'queue.maxSize', /.+/],
    ['a queue without a size', { limits: [], queue: {} }, 'queue.maxSize', /.+/],
    ['an unknown overflow', { limits: [], queue: { maxSize: 1, overflow: 'wait' } }, 'queue.overflow', /"error"/],
    ['a negative base', { limits: [], coolDown: { baseMs: -1 } }, 'coolDown.baseMs', />=0.*\(got -1\)/],
    ['a ramp of 0 ms', { limits: [], coolDown: { rampStepMs: 0 } }, 'coolDown.rampStepMs', />0.*\(got 0\)/],
    ['an unknown cool-down key', { limits: [], coolDown: { forMs: 1 } }, 'coolDown', /"forMs"/],
    ['a warning over 1', { limits: [], warnAt: 80 }, 'warnAt', /<=1.*\(got 80\)/],
    ['a classifier that is none', { limits: [], classify: 'too-fast' }, 'classify', /must be a function/],
    ['a clock that is none', { limits: [], clock: Date }, 'clock', /an object with a method schedule\(\)/],
    ['a random that is none', { limits: [], random: 0.5 }, 'random', /must be a function/],
  ])('refuses %s, and says where and what', (_, options, path, message) => {
    const error = refusal(options);
    expect(error.path).toBe(path);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^createLimiter: /);
  });
});
