import { of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { concurrencyLimit } from '../../operators/concurrencyLimit.js';
import { createRequestQueue } from '../../operators/createRequestQueue.js';
import { forecast } from '../../operators/forecast.js';
import { generate } from '../../operators/generate.js';
import { pollUntilDone } from '../../operators/pollUntilDone.js';
import { pullFrom } from '../../operators/pullFrom.js';
import { rateLimit } from '../../operators/rateLimit.js';
import { retryWithJitter } from '../../operators/retryWithJitter.js';
import { systemClock } from '../../src/clock.js';
import { OptionsError } from '../../src/errors.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import { FakeServer } from './fakeServer.js';

const project = () => of(1);

/** Each of them, with options as somebody without types gives them. */
const asking: Readonly<Record<string, (options: never) => unknown>> = {
  rateLimit,
  concurrencyLimit: (options) => concurrencyLimit(project, options),
  retryWithJitter,
  pollUntilDone,
  pullFrom: (options) => pullFrom([], project, options),
  createRequestQueue,
  generate: (options) => generate(new FakeServer({ clock: systemClock }), options),
  forecast: (options) => forecast([], options),
};

async function mistake(name: string, options: object): Promise<unknown> {
  try {
    return await asking[name]?.(options as never);
  } catch (error) {
    return error;
  }
}

describe('the error of a wrong option', () => {
  it.each(Object.keys(asking))('says whose it is: %s', async (name) => {
    // What is none of its own options, a forecast takes for one of `generate`.
    const error = await mistake(name, name === 'forecast' ? { answerMs: -1 } : { noSuchOption: 1 });
    expect(error).toBeInstanceOf(OptionsError);
    expect(String(error)).toMatch(new RegExp(`^OptionsError: ${name}: `));
  });

  const limiter = createLimiter({ limits: [] });
  it.each([
    ['concurrencyLimit', { limit: 1, limiter }, 'give either limit, or a limiter'],
    ['concurrencyLimit', {}, 'give either limit, or a limiter'],
    ['concurrencyLimit', { limit: 1, weight: () => 1 }, 'cost, key, weight, priority and classify need a limiter'],
    ['concurrencyLimit', { limiter, queue: { maxSize: 1 } }, 'a shared limiter has a queue of its own'],
    ['pullFrom', { limit: 1, limiter }, 'give either limit, or a limiter'],
    ['forecast', { taskMs: -1 }, 'must be a time of more than 0 ms, or { min, max, tailMs?, tailShare? }'],
    [
      'forecast',
      { startAtMs: -1 },
      'startAtMs: must be an instant of the years 1970 to 9999, in ms since 1970 (got -1)',
    ],
    ['forecast', { startAtMs: 8.64e15 }, 'startAtMs: must be an instant of the years 1970 to 9999'],
    ['forecast', { taskMs: { min: 1, max: 2, tailShare: 1.5 } }, 'taskMs'],
    ['concurrencyLimit', { limit: 'x' }, 'limit: must be an integer of at least 1, or Infinity (got "x")'],
    ['concurrencyLimit', { limit: 1, queue: {} }, 'queue.maxSize: must be an integer of at least 1, or Infinity'],
    [
      'rateLimit',
      { limit: 1, intervalMs: 1, queue: { maxSize: '9' } },
      'must be an integer of at least 1, or Infinity',
    ],
    ['retryWithJitter', { maxRetries: '3' }, 'maxRetries: must be an integer of at least 0, or Infinity (got "3")'],
    [
      'pollUntilDone',
      { poll: () => of(1), isDone: () => true, intervalMs: 1, deadlineMs: '1 h' },
      'deadlineMs: must be a number of milliseconds greater than 0, or Infinity (got "1 h")',
    ],
    ['pullFrom', { limiter, cost: 'x' }, 'cost: must be a number of at least 0, or an object of such numbers by the'],
    ['generate', { concurrent: 'all' }, `concurrent: must be an integer of at least 1, or 'auto' (got "all")`],
    ['generate', { rate: 5 }, "rate: must be { limit, intervalMs }, or 'off' (got 5)"],
    ['generate', { dailyCredits: 'x' }, `dailyCredits: must be a number greater than 0, or 'off' (got "x")`],
    ['generate', { promptId: () => 'a', externalId: () => 'a' }, 'externalId: give either externalId or promptId'],
    ['generate', { tier: 'gold' }, 'tier: must be free, standard, pro, or a tier such as tiers.enterprise({ ... })'],
    ['generate', { tier: { concurrent: 1, requests: { limit: 1 } } }, 'tier: must be free, standard, pro, or a tier'],
    ['generate', { dailyCredits: 0 }, 'dailyCredits: '],
    ['generate', { slots: limiter, concurrent: 3 }, 'slots: has limits of its own'],
    ['generate', { slots: limiter, dailyCredits: 5 }, 'slots: has limits of its own'],
    ['generate', { slots: limiter, dailyCreditsPerKey: 5 }, 'slots: has limits of its own'],
    ['generate', { requests: limiter, rate: { limit: 1, intervalMs: 1 } }, 'requests: has limits of its own'],
    ['generate', { requests: limiter, headroom: 0.2 }, 'requests: has limits of its own'],
    ['generate', { rate: { limit: 0, intervalMs: 1 } }, 'rate.limit: too small: expected number to be >=1 (got 0)'],
  ])('says what to change: %s, case %#', async (name, options, advice) => {
    expect(String(await mistake(name, options))).toContain(advice);
  });

  it.each([0, -1, NaN])('says that an API must be asked for a task at a time at least, not for %d', (pollBatch) => {
    expect(() => generate(new FakeServer({ clock: systemClock, pollBatch }))).toThrow(
      new OptionsError(
        `generate: pollBatch of the API: must be an integer of at least 1 (got ${pollBatch})`,
        'pollBatch',
      ),
    );
  });
});
