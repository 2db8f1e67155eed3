import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { createKlingModel } from '../../src/simulator/model.js';
import { modelSettings, type ModelOptions } from '../../src/simulator/modelOptions.js';
import { defaultCreditsOf, type Order } from '../../src/simulator/orders.js';

describe('the options of the model', () => {
  it.each([
    [{}, 3, 30, 'off'],
    [{ tier: 'free' }, 1, 10, 66],
    [{ tier: 'standard' }, 3, 30, 'off'],
    [{ tier: 'pro' }, 5, 60, 'off'],
    [{ tier: 'enterprise' }, 10, 'off', 'off'],
    [{ tier: 'enterprise', tasks: 40, requests: 600, credits: 9_000 }, 40, 600, 9_000],
    [{ tier: 'free', requests: 'off', credits: 'off' }, 1, 'off', 'off'],
  ] as const)('%j', (options, tasks, requests, credits) => {
    expect(modelSettings(options)).toMatchObject({ tasks, requests, credits, intervalMs: 60_000, retryAfter: false });
  });

  it.each([
    [{ tier: 'gold' }, 'tier: '],
    [{ tasks: 0 }, 'tasks: '],
    [{ requests: 0 }, 'requests: too small: expected number to be >=1 (got 0)'],
    [{ requests: 1e7 }, 'requests: too big: expected number to be <=1000000'],
    [{ credits: -1 }, 'credits: too small: expected number to be >=0 (got -1)'],
    [{ intervalMs: 0 }, 'intervalMs: '],
    [{ taskMs: { min: 2, max: 1 } }, 'taskMs: must have min <= max <= tailMs'],
    [{ taskMs: { min: 1, max: 2, tailMs: 1 } }, 'taskMs: must have min <= max <= tailMs'],
    [{ creditsOf: 3 }, 'creditsOf: must be a function'],
    [{ faults: { hang: 2 } }, 'faults.hang: too big: expected number to be <=1'],
    [{ faults: { hang: 'often' } }, 'faults.hang: must be a share from 0 to 1, or the numbers of the requests'],
    [{ requests: 'all' }, 'requests: must be 1 to 1000000, or \'off\' (got "all")'],
    [{ credits: 'all' }, 'credits: must be a number of at least 0, or \'off\' (got "all")'],
    [{ faults: { hang: { at: [0] } } }, 'faults.hang.at.0: too small'],
    [{ faults: { latencyMs: { min: 2, max: 1 } } }, 'faults.latencyMs: min must not be over max'],
    [{ faults: { hangs: 1 } }, 'hangs'],
    [{ deductionOf: 3 }, 'deductionOf: must be a function'],
    [{ filesExpireMs: -1 }, 'filesExpireMs: too small'],
    [{ others: [{ fromMs: 5, untilMs: 5, tasks: 1 }] }, 'others.0: must have fromMs < untilMs'],
    [{ others: [{ fromMs: 0, untilMs: 5, tasks: 0 }] }, 'others.0.tasks: too small'],
    [{ task: 3 }, 'task'],
  ])('refuses %j', (options, words) => {
    const make = (): unknown => createKlingModel(options as ModelOptions);
    expect(make).toThrow(OptionsError);
    expect(make).toThrow(words);
  });

  it.each<[Partial<Order>, number]>([
    [{ mode: 'std', seconds: 5 }, 10],
    [{ mode: 'std', seconds: 10 }, 20],
    [{ mode: 'pro', seconds: 5 }, 35],
    [{ mode: 'pro', seconds: 10 }, 70],
    [{ mode: 'std', images: 3 }, 3],
  ])('%j costs %d credits', (order, credits) => {
    const any: Order = {
      product: 'videos/text2video',
      model: undefined,
      prompt: '',
      externalId: undefined,
      callbackUrl: undefined,
      mode: 'std',
      seconds: 0,
      images: 0,
    };
    expect(defaultCreditsOf({ ...any, ...order })).toBe(credits);
  });
});
