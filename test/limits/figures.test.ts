import { describe, expect, it } from 'vitest';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { evenly } from '../../src/limits/evenly.js';
import { copyOf, type Limit, type LimitFigures } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';

const perMinute = { limit: 30, intervalMs: 60_000 };
const bucket = { capacity: 100, refill: 10, intervalMs: 1_000 };
const quick = { probeAfterMs: 1_000, maxProbeAfterMs: 4_000 };

const cases: [name: string, kind: Limit['kind'], limit: Limit, figures: LimitFigures][] = [
  ['30 per 60000 ms', 'rate', slidingWindow(perMinute), { type: 'slidingWindow', ...perMinute, countUntil: 'end' }],
  [
    '30 per 60000 ms',
    'rate',
    slidingWindow({ ...perMinute, headroom: 0.2, countUntil: 'start' }),
    { type: 'slidingWindow', limit: 24, intervalMs: 60_000, countUntil: 'start' },
  ],
  ['30 per 60000 ms, evenly', 'rate', evenly(perMinute), { type: 'evenly', ...perMinute, countUntil: 'end' }],
  [
    '30 per 60000 ms, evenly',
    'rate',
    evenly({ ...perMinute, countUntil: 'start' }),
    { type: 'evenly', ...perMinute, countUntil: 'start' },
  ],
  ['10 per 1000 ms, bucket of 100', 'rate', tokenBucket(bucket), { type: 'tokenBucket', ...bucket, missing: 0 }],
  [
    '10 per 1000 ms, bucket of 100',
    'rate',
    tokenBucket({ ...bucket, initial: 40 }),
    { type: 'tokenBucket', ...bucket, missing: 60 },
  ],
  ['concurrency', 'slots', concurrency({ limit: 3 }), { type: 'concurrency', limit: 3 }],
  [
    'adaptive concurrency',
    'slots',
    adaptiveConcurrency({ max: 12 }),
    {
      type: 'adaptiveConcurrency',
      max: 12,
      min: 1,
      initial: 1,
      decrease: 0.75,
      probeAfterMs: 10_000,
      maxProbeAfterMs: 120_000,
    },
  ],
  [
    'adaptive concurrency',
    'slots',
    adaptiveConcurrency({ max: 12, min: 2, initial: 5, decrease: 0.5, ...quick }),
    { type: 'adaptiveConcurrency', max: 12, min: 2, initial: 5, decrease: 0.5, ...quick },
  ],
  ['daily quota', 'quota', dailyQuota({ limit: 66 }), { type: 'dailyQuota', limit: 66, timeZone: 'UTC' }],
  [
    'daily quota',
    'quota',
    dailyQuota({ limit: 66, timeZone: 'Asia/Shanghai' }),
    { type: 'dailyQuota', limit: 66, timeZone: 'Asia/Shanghai' },
  ],
  ['budget', 'quota', budget({ limit: 100 }), { type: 'budget', limit: 100, whenSpent: 'refuse' }],
  ['budget', 'quota', budget({ limit: 100, whenSpent: 'wait' }), { type: 'budget', limit: 100, whenSpent: 'wait' }],
];

describe('what a limit says of itself', () => {
  it.each(cases)('%s (%s)', (name, kind, limit, figures) => {
    expect([limit.name, limit.kind, limit.describe?.()]).toEqual([name, kind, figures]);
    const copy = copyOf(limit);
    expect([copy.name, copy.kind, copy.capacity, copy.describe?.()]).toEqual([name, kind, limit.capacity, figures]);
  });

  it.each(cases)('%s (%s), with one for each key', (name, kind, limit, figures) => {
    const keyed = perKey(() => limit);
    expect([keyed.name, keyed.kind, keyed.isKeyed]).toEqual([`${name} per key`, kind, true]);
    expect([keyed.capacity, keyed.describe?.('a')]).toEqual([limit.capacity, figures]);
  });

  it('is the name that it was given, if it was', () => {
    const named = [
      slidingWindow({ ...perMinute, name: 'mine' }),
      evenly({ ...perMinute, name: 'mine' }),
      tokenBucket({ ...bucket, name: 'mine' }),
      concurrency({ limit: 3, name: 'mine' }),
      adaptiveConcurrency({ max: 3, name: 'mine' }),
      dailyQuota({ limit: 66, name: 'mine' }),
      budget({ limit: 66, name: 'mine' }),
    ];
    expect(named.flatMap((limit) => [limit.name, copyOf(limit).name])).toEqual(named.flatMap(() => ['mine', 'mine']));
  });
});

describe('a change of a limit', () => {
  const changes: [limit: () => Limit, change: object][] = [
    [() => slidingWindow({ ...perMinute, headroom: 0 }), { limit: 3 }],
    [() => slidingWindow(perMinute), { intervalMs: 500 }],
    [() => evenly(perMinute), { limit: 3 }],
    [() => evenly(perMinute), { intervalMs: 500 }],
    [() => tokenBucket(bucket), { refill: 1 }],
    [() => tokenBucket(bucket), { intervalMs: 500 }],
    [() => concurrency({ limit: 3 }), { limit: 9 }],
    [() => adaptiveConcurrency({ max: 12, initial: 3 }), { max: 5 }],
    [() => adaptiveConcurrency({ max: 12, initial: 3 }), { initial: 7 }],
    [() => adaptiveConcurrency({ max: 12, initial: 3 }), { decrease: 0.5, ...quick }],
    [() => dailyQuota({ limit: 66 }), { limit: 9 }],
    [() => budget({ limit: 66 }), { limit: 9 }],
  ];

  it.each(changes)('is what it says afterwards: %o, %o', (make, change) => {
    const limit = make();
    const before = limit.describe?.();
    limit.update?.(change, 0);
    expect(limit.describe?.()).toEqual({ ...before, ...change });
  });

  it.each(changes)('is that of every key: %o, %o', (make, change) => {
    const keyed = perKey(make);
    keyed.take(1, 0, 'a');
    keyed.update?.(change, 0);
    const changed = make();
    changed.update?.(change, 0);
    const [figures, { capacity }] = [changed.describe?.(), changed.usage(0)];
    changed.take(1, 0);
    expect(keyed.capacity).toBe(changed.capacity);
    for (const key of [undefined, 'a', 'b']) expect(keyed.describe?.(key)).toEqual(figures);
    for (const each of [keyed, copyOf(keyed), copyOf(copyOf(keyed))]) {
      expect(each.describe?.('c')).toEqual(figures);
      expect(each.usage(0)).toEqual(changed.usage(0));
      each.earliest(1, 0, 'b');
      each.release(1, 0, 0, 'succeeded', 'a');
      each.update?.({}, 0);
      expect(each.usage(0).capacity).toBe(capacity);
    }
  });

  it('leaves the place of the next start, and spreads those after it anew', () => {
    const limit = evenly({ limit: 10, intervalMs: 1_000, countUntil: 'start' });
    limit.take(1, 0);
    limit.update?.({ limit: 5 });
    expect(limit.earliest(1, 0)).toBe(100);
    limit.take(1, 100);
    expect(limit.earliest(1, 100)).toBe(300);
    limit.update?.({ intervalMs: 5_000 });
    limit.take(1, 300);
    expect(limit.earliest(1, 300)).toBe(1_300);
  });

  it('of one key or of all needs no more than a limit must have', () => {
    const bare: Limit = {
      name: 'bare',
      kind: 'slots',
      capacity: 1,
      take() {},
      release() {},
      refund() {},
      earliest: (_cost, nowMs) => nowMs,
      usage: (nowMs) => ({ used: 0, capacity: 1, resetsAtMs: nowMs }),
    };
    const keyed = perKey(() => bare);
    expect(typeof keyed.describe).toBe('undefined');
    keyed.observeWall?.(0, 0);
    keyed.take(1, 0, 'a');
    keyed.update?.({ limit: 2 }, 0);
    expect([keyed.earliest(1, 0, 'a'), keyed.earliest(1, 0, 'b')]).toEqual([0, 0]);
    expect(() => copyOf(keyed)).toThrow('the limit "bare" has no copy(): give it one');
    expect(() => copyOf(bare)).toThrow(expect.objectContaining({ code: 'SLUICE_BAD_OPTIONS', path: 'bare' }));
  });
});

describe('a mistake in the figures', () => {
  const makers = {
    slidingWindow,
    evenly,
    tokenBucket,
    concurrency,
    adaptiveConcurrency,
    dailyQuota,
    budget,
  } as unknown as Readonly<Record<string, (options: unknown) => Limit>>;

  it.each(Object.entries(makers))('names %s, and an option that it does not know', (name, make) => {
    expect(() => make(undefined)).toThrow(`${name}: invalid input: expected object`);
    const right = { limit: 1, max: 1, capacity: 1, refill: 1, intervalMs: 1, wrong: true };
    expect(() => make(right)).toThrow(new RegExp(`^${name}: unrecognized key.*"wrong"`));
  });

  it('says what two figures have to do with each other', () => {
    const adaptive = (options: object) => () => adaptiveConcurrency({ max: 5, ...options });
    expect(adaptive({ min: 6 })).toThrow('adaptiveConcurrency: min: must not be over max');
    expect(adaptive({ initial: 6 })).toThrow('adaptiveConcurrency: initial: must be from min to max');
    expect(adaptive({ probeAfterMs: 9, maxProbeAfterMs: 8 })).toThrow('must not be under probeAfterMs');
    expect(adaptive({ min: 5, initial: 5, probeAfterMs: 8, maxProbeAfterMs: 8 })).not.toThrow();
    expect(() => tokenBucket({ ...bucket, initial: 101 })).toThrow(
      'tokenBucket: initial: must not be over the capacity',
    );
    expect(() => tokenBucket({ ...bucket, initial: 100 })).not.toThrow();
    expect(() => dailyQuota({ limit: 1, timeZone: 'Mars' })).toThrow(
      'dailyQuota: timeZone: must be an IANA time zone, such as Europe/Berlin (got "Mars")',
    );
    expect(() => perKey(5 as never)).toThrow(
      expect.objectContaining({ path: '', message: 'perKey: must be a function that makes a limit' }),
    );
  });

  it.each(cases)('in a change of %s (%s) names it, changes nothing, and knows no name', (name, _, limit, figures) => {
    expect(() => limit.update?.({ limit: 0, max: 0, capacity: 0 })).toThrow(`update of "${name}": `);
    expect(() => limit.update?.({ name: 'mine' })).toThrow(`update of "${name}": unrecognized key: "name"`);
    expect(() => limit.update?.({})).not.toThrow();
    expect(limit.describe?.()).toEqual(figures);
  });
});
