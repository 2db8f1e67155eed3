import { describe, expect, it } from 'vitest';
import { budget } from '../../src/limits/budget.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { evenly } from '../../src/limits/evenly.js';
import type { Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import { tokenBucket } from '../../src/limits/tokenBucket.js';
import type { Holding } from '../../src/redis/admission/holdings.js';
import { LocalShare } from '../../src/redis/admission/localShare.js';
import { MirroredLimit } from '../../src/redis/admission/mirroredLimit.js';
import { VirtualClock } from '../virtualClock.js';

const closedMs = 30_000;
const nobody = { changed: () => undefined, adjusted: () => undefined, slotTold: () => undefined };

interface Known {
  /** What was used, and how long ago that was heard, in ms; undefined: nothing was heard. */
  readonly used?: number;
  readonly agoMs?: number;
  readonly holdings?: readonly Holding[];
}

/** How many of an hour's worth of work one process of four lets start: at once, and a minute later. */
function startedOf(original: Limit, { used, agoMs = 0, holdings = [] }: Known = {}, keys: readonly unknown[] = ['a']) {
  const clock = new VirtualClock();
  clock.advance(3_600_000);
  const limit = new MirroredLimit(original, nobody);
  if (used !== undefined) {
    const usage = { used, capacity: original.capacity, resetsAtMs: Infinity };
    limit.heard(usage, clock.now() - agoMs, clock.epochNow() - agoMs);
  }
  const { store } = new LocalShare({ limits: [limit], share: 1 / 4, clock, holdings, closedMs });
  const starts = (): number => {
    const nowMs = clock.now();
    return keys
      .flatMap((key) => Array.from({ length: 200 }, () => store.tryAdmit(1, nowMs, key) <= nowMs))
      .filter(Boolean).length;
  };
  const atOnce = starts();
  clock.advance(60_000);
  return [atOnce, starts()];
}

describe('the share of a process among four', () => {
  it.each([
    ['a window', slidingWindow({ limit: 43, intervalMs: 10_000 }), 10],
    ['even starts', evenly({ limit: 43, intervalMs: 10_000 }), 1],
    ['slots', concurrency({ limit: 11 }), 2],
    ['slots that are fewer than processes', concurrency({ limit: 3 }), 0],
    ['a window of fewer than processes', slidingWindow({ limit: 3, intervalMs: 10_000 }), 0],
    ['a bucket, which begins empty', tokenBucket({ capacity: 43, refill: 40, intervalMs: 60_000 }), 10],
  ])('is a quarter of %s, rounded down, once nothing of before counts', (_what, limit, share) => {
    expect(startedOf(limit, { used: 0 })).toEqual([0, share]);
  });

  it('is that of each key, where each has a limit of its own', () => {
    expect(
      startedOf(
        perKey(() => concurrency({ limit: 11 })),
        {},
        ['a', 'b'],
      ),
    ).toEqual([0, 4]);
  });

  it('is less what it holds', () => {
    const holding: Holding = { id: 1, cost: 1, key: 'a', takenAtMs: 0, isWaiting: false, hasEnded: false };
    expect(startedOf(concurrency({ limit: 11 }), { used: 1, holdings: [holding] })).toEqual([0, 1]);
  });

  it.each([
    ['the credits of a day', dailyQuota({ limit: 100, timeZone: 'UTC' })],
    ['a budget', budget({ limit: 100 })],
  ])('is a quarter of what was left of %s', (_what, limit) => {
    expect(startedOf(limit, { used: 60, agoMs: closedMs })).toEqual([0, 10]);
    expect(startedOf(limit, { used: 100 })).toEqual([0, 0]);
  });

  it.each([
    ['the credits of a day', () => dailyQuota({ limit: 100, timeZone: 'UTC' })],
    ['a budget', () => budget({ limit: 100 })],
  ])('is nothing of %s, where it is not known what others have spent', (_what, make) => {
    expect(startedOf(make())).toEqual([0, 0]);
    expect(startedOf(make(), { used: 60, agoMs: closedMs + 1 })).toEqual([0, 0]);
    expect(startedOf(perKey(make), { used: 0 })).toEqual([0, 0]);
  });
});
