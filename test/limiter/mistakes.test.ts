import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRetryBudget } from '../../src/backoff/retryBudget.js';
import { QueueFullError } from '../../src/errors.js';
import { sizeOf, type Cost } from '../../src/limiter/cost.js';
import { createLimiter, type LimiterOptions } from '../../src/limiter/createLimiter.js';
import { placeOf } from '../../src/limiter/place.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { limiterOf, Work, workers } from './work.js';

/** A mistake in an option of that path, told like this. */
const mistake = (path: string, message: string): unknown =>
  expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path, message });

/** A limit that can do no more than it must. */
const bare: Limit = {
  name: 'bare',
  kind: 'slots',
  capacity: 1,
  earliest: (_cost, nowMs) => nowMs,
  take() {},
  release() {},
  refund() {},
  usage: (nowMs) => ({ used: 0, capacity: 1, resetsAtMs: nowMs }),
};

describe('a place', () => {
  it.each([0, -1, NaN, Infinity])('has no weight of %f', (weight) => {
    expect(() => placeOf({ weight })).toThrow(mistake('weight', `weight: must be more than 0 (got ${weight})`));
  });

  it('has a priority that is a number, of which even infinite ones can be compared', () => {
    for (const priority of [NaN, 'high'] as number[]) {
      const message = `priority: must be a number (got ${priority})`;
      expect(() => placeOf({ priority })).toThrow(mistake('priority', message));
    }
    expect(placeOf({ priority: -Infinity })).toEqual({ key: undefined, weight: 1, priority: -Infinity });
  });

  it('is shared by all who say nothing of it', () => {
    expect(placeOf({})).toEqual({ key: undefined, weight: 1, priority: 0 });
    expect(placeOf({ weight: 1, priority: 0 })).toBe(placeOf({}));
    const own = [placeOf({ key: 'ada' }), placeOf({ weight: 2 }), placeOf({ priority: 1 })];
    expect(own).toEqual([
      { key: 'ada', weight: 1, priority: 0 },
      { key: undefined, weight: 2, priority: 0 },
      { key: undefined, weight: 1, priority: 1 },
    ]);
  });
});

describe('the size of work', () => {
  it('is its cost, or 1 where that is no figure to share by', () => {
    expect([2, 0.5, 0, Infinity, { slots: 5 }].map(sizeOf)).toEqual([2, 0.5, 1, 1, 1]);
  });
});

describe('a mistake', () => {
  it('in a cost names it, and the limit', () => {
    const { limiter } = limiterOf({ limits: [concurrency({ limit: 3, name: 'slots' })] });
    const message = 'cost: must be a number of at least 0 (got -1 for "slots")';
    expect(() => limiter.check(-1)).toThrow(mistake('cost', message));
    const text = 'cost: must be a number of at least 0 (got 1 for "slots")';
    expect(() => limiter.check({ slots: '1' } as unknown as Cost)).toThrow(mistake('cost', text));
  });

  it.each([undefined, null, '1'])('in a function that is to say a cost, and says %s, is told', (cost) => {
    const { limiter } = limiterOf();
    const message = `cost: must be a number, or an object of numbers by the names of the limits (got ${cost})`;
    expect(() => limiter.check(cost as unknown as Cost)).toThrow(mistake('cost', message));
  });

  it.each([-1, NaN, Infinity])('in a cool-down of %f names it', (delayMs) => {
    const message = `coolDown: must be a span of at least 0 ms (got ${delayMs})`;
    expect(() => limiterOf().limiter.coolDown(delayMs)).toThrow(mistake('delayMs', message));
    expect(() => limiterOf().limiter.coolDown(0)).not.toThrow();
  });

  it('in what a burst cools for says which of the two it is under', () => {
    expect(() => limiterOf({ coolDown: { burstMaxMs: 10_000 } })).toThrow(
      mistake('coolDown.burstMaxMs', 'createLimiter: coolDown.burstMaxMs: must not be under burstMinMs: give both'),
    );
    expect(() => limiterOf({ coolDown: { burstMinMs: 10_000, burstMaxMs: 10_000 } })).not.toThrow();
  });

  it('in a settlement names it', () => {
    const { limiter } = limiterOf({ limits: [dailyQuota({ limit: 9, name: 'credits' })] });
    expect(() => limiter.adjust('credits', NaN)).toThrow(mistake('delta', 'adjust: must be a finite number (got NaN)'));
    expect(() => limiter.adjust('credits', 1, { takenAtMs: Infinity })).toThrow(
      mistake('takenAtMs', 'adjust: must be a finite instant (got Infinity)'),
    );
  });

  it('in a name lists those that there are, or says that there is none', () => {
    const limits = [concurrency({ limit: 1, name: 'a' }), concurrency({ limit: 1, name: 'b' }), bare];
    const { limiter } = limiterOf({ limits });
    expect(() => limiter.update({ bare: {} })).toThrow(
      mistake('bare', 'update: no limit "bare" that can be changed; there is "a", "b"'),
    );
    expect(() => limiter.adjust('a', 1)).toThrow(
      mistake('a', 'adjust: no limit "a" that can be adjusted; there is none'),
    );
  });

  it('in a forecast names it, and a limit that has no copy', () => {
    const { limiter } = limiterOf({ limits: [bare] });
    expect(() => limiter.forecast(1.5)).toThrow(/^forecast: count: /);
    expect(() => limiter.forecast(1)).toThrow(mistake('bare', 'the limit "bare" has no copy(): give it one'));
  });

  it('in the options of a retry budget names that', () => {
    const options = { limits: [], retryBudget: { ratio: 2 } };
    expect(() => createLimiter(options)).toThrow(/^createRetryBudget: ratio: /);
    for (const retryBudget of [5, null]) {
      const message = /^createLimiter: retryBudget: must be the options of a retry budget/;
      expect(() => createLimiter({ limits: [], retryBudget } as unknown as LimiterOptions)).toThrow(message);
    }
  });

  it('of a store that is none, or of a record beside one, is told', () => {
    const store = { open: () => undefined } as unknown as NonNullable<LimiterOptions['store']>;
    const record = (): void => undefined;
    expect(() => createLimiter({ limits: [], store: {} } as unknown as LimiterOptions)).toThrow(
      mistake('store', 'createLimiter: store: must be an object with a method open()'),
    );
    expect(() => createLimiter({ limits: [], store, record })).toThrow(
      mistake('record', 'createLimiter: what a shared store decides cannot be recorded: leave record out'),
    );
  });
});

describe('a limiter over a limit that can do no more than it must', () => {
  it('is asked and explained all the same', () => {
    const { limiter } = limiterOf({ limits: [bare] });
    limiter.coolDown(10);
    new Work(limiter, { id: 'waits' });
    expect(limiter.explain('waits')).toEqual({ place: 0, ahead: 0, heldBy: 'cool-down', atLeastMs: 10 });
    expect(() => limiter.refusedSlot(1, 0)).not.toThrow();
    expect(() => limiter.grantedSlot(1, 0)).not.toThrow();
  });
});

describe('a full queue', () => {
  it.each([
    [undefined, 2, false],
    ['error', 2, false],
    ['drop-newest', 2, true],
    ['drop-oldest', 1, true],
  ] as const)('of overflow %s gives number %d up, silently to a stream: %s', async (overflow, which, isSilent) => {
    const { limiter } = limiterOf({ queue: { maxSize: 1, ...(overflow !== undefined && { overflow }) } });
    const error: unknown = await workers(3, limiter)[which]?.result.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(QueueFullError);
    expect(error).toMatchObject({ maxSize: 1, isSilent });
    expect(String(error)).toMatch(isSilent ? /its overflow policy gave this up/ : /choose an overflow policy/);
  });
});

/** What the process would end with next. */
function nextUncaught(): Promise<unknown> {
  return new Promise((resolve) => {
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => {
      for (const listener of others) process.on('uncaughtException', listener);
      resolve(error);
    });
  });
}

describe('a listener that throws', () => {
  it.each(['waiting', 'admitted', 'dropped'] as const)(
    'at %s is told as a mistake of the program, and work goes on as if there were none',
    async (type) => {
      const bug = new Error('a bug in the listener');
      const { limiter } = limiterOf({ queue: { maxSize: 1, overflow: 'drop-newest' } });
      const off = limiter.on((event) => {
        if (event.type !== type) return;
        off();
        throw bug;
      });
      const uncaught = nextUncaught();
      const [first, second] = workers(3, limiter);
      expect(await uncaught).toBe(bug);
      await first?.succeed();
      await second?.succeed();
      await expect(second?.result).resolves.toBe('done');
      expect([limiter.active, limiter.waiting]).toEqual([0, 0]);
    },
  );
});

describe('a classifier that throws', () => {
  it('is told as a mistake of the program, and the permit goes back all the same', async () => {
    const bug = new Error('a bug in the classifier');
    const { limiter } = limiterOf({
      classify: () => {
        throw bug;
      },
    });
    const uncaught = nextUncaught();
    await new Work(limiter).fail(new Error('of the work'));
    expect(await uncaught).toBe(bug);
    expect(limiter.active).toBe(0);
  });
});

describe('chance', () => {
  it.each([
    [5, 1_000, 1_500],
    [1, 30_000, 60_000],
  ])('is Math.random where none is given (a burst from %d refusals on)', (burstAfter, least, most) => {
    const { limiter } = limiterOf({ coolDown: { burstAfter } });
    limiter.refused({ meaning: 'too-fast' });
    const { coolDownMs } = limiter.snapshot();
    expect(coolDownMs).toBeGreaterThanOrEqual(least);
    expect(coolDownMs).toBeLessThanOrEqual(most);
  });
});

describe('a retry budget', () => {
  it('is shared where it is given, and made of its options', () => {
    const shared = createRetryBudget({ reserve: 3 });
    expect(limiterOf({ retryBudget: shared }).limiter.retryBudget).toBe(shared);
    expect(limiterOf({ retryBudget: { reserve: 4 } }).limiter.retryBudget?.snapshot().available).toBe(4);
    expect(limiterOf().limiter.retryBudget).toBeUndefined();
  });
});

describe('where there is no Node', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it.each([undefined, {}])('a limiter tells only those who listen to it: process is %o', (process) => {
    vi.stubGlobal('process', process);
    const { limiter } = limiterOf();
    new Work(limiter);
    const told: string[] = [];
    limiter.on(({ type }) => told.push(type));
    new Work(limiter);
    expect(told).toEqual(['waiting']);
  });
});
