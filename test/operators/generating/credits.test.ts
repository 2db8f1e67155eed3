import { describe, expect, it } from 'vitest';
import { Credits } from '../../../operators/generating/credits.js';
import type { JournaledTask } from '../../../src/journal/journal.js';
import { createLimiter } from '../../../src/limiter/createLimiter.js';
import { dailyQuota } from '../../../src/limits/dailyQuota.js';
import { perKey } from '../../../src/limits/perKey.js';
import { VirtualClock } from '../virtualClock.js';

const hourMs = 3_600_000;

/** A budget of 100 for the run, of 50 for a day and of 20 for each key of it, at noon. */
function atNoon({ isShared }: { readonly isShared?: boolean } = {}) {
  const clock = new VirtualClock();
  const quota = (limit: number) => dailyQuota({ limit, timeZone: 'UTC', name: 'credits' });
  const slots = createLimiter({ limits: [quota(50), perKey(() => quota(20))], clock });
  const credits = new Credits(slots, 100, clock, ...(isShared === undefined ? [] : [isShared]));
  const ofToday = () => slots.snapshot().limits.find(({ name }) => name === 'credits')?.used;
  /** Whether so many could still be spent for a key today. */
  const fits = (cost: number, key: unknown) => {
    const abort = new AbortController();
    const passing = slots.acquire({ cost: { credits: 0, 'credits per key': cost }, key, signal: abort.signal });
    passing.catch(() => undefined);
    const hasPassed = slots.waiting === 0;
    abort.abort();
    return hasPassed;
  };
  return { clock, slots, credits, ofToday, fits };
}

function task(key: string, phase: JournaledTask['phase'], credits: number, more: Partial<JournaledTask> = {}) {
  const intendedAtMs = new VirtualClock().epochNow();
  return {
    id: `${key} ${more.round ?? 0}`,
    key,
    round: 0,
    index: 0,
    prompt: key,
    credits,
    intendedAtMs,
    phase,
    ...more,
  };
}

describe('credits that are set aside', () => {
  it('are set aside once, however often that is asked for', () => {
    const { credits } = atNoon();
    const reservation = credits.taken(60, undefined);
    expect([credits.reserve(reservation), credits.reserve(reservation)]).toEqual([true, true]);
    expect(credits.leftOfRun).toBe(40);
  });

  it('fill a budget of fractions to the last, whatever rounding makes of their sum', () => {
    const clock = new VirtualClock();
    const credits = new Credits(createLimiter({ limits: [], clock }), 0.3, clock);
    const all = [0.1, 0.1, 0.1, 0.1].map((cost) => credits.reserve(credits.taken(cost, undefined)));
    expect(all).toEqual([true, true, true, false]);
    expect(credits.leftOfRun).toBe(0);
  });

  it('are paid for by the day on which they were taken, whenever that is settled', async () => {
    const { clock, slots, credits, ofToday } = atNoon();
    await clock.settle(11 * hourMs);
    await slots.run(() => undefined, { cost: { credits: 10, 'credits per key': 10 } });
    const reservation = credits.taken(10, undefined);
    await clock.settle(hourMs + 1);
    expect(ofToday()).toBe(0);
    credits.settle(reservation, 15);
    expect(ofToday()).toBe(0);
  });

  it('are settled for the key that they were taken for, however long the run has lasted', async () => {
    const { clock, slots, credits, ofToday, fits } = atNoon();
    await clock.settle(100 * hourMs);
    await slots.run(() => undefined, { cost: { credits: 15, 'credits per key': 15 }, key: 'mine' });
    const reservation = credits.taken(15, 'mine');
    expect(fits(20, 'mine')).toBe(false);
    credits.settle(reservation, 0);
    expect(ofToday()).toBe(0);
    expect(fits(20, 'mine')).toBe(true);
  });

  it('are no more the matter of who hands them over, but for the day', async () => {
    const { slots, credits, ofToday } = atNoon();
    await slots.run(() => undefined, { cost: { credits: 10, 'credits per key': 10 } });
    const reserved = credits.taken(10, undefined);
    credits.reserve(reserved);
    credits.handOver(reserved);
    expect([credits.leftOfRun, credits.mayGetMore, ofToday()]).toEqual([100, false, 10]);
    credits.handOver(credits.taken(10, undefined));
    expect([credits.leftOfRun, credits.mayGetMore]).toEqual([100, false]);
  });
});

describe('credits that may come back', () => {
  it('are waited for while their task is followed, and stay set aside after that', () => {
    const { credits } = atNoon();
    const reservation = credits.taken(60, undefined);
    credits.reserve(reservation);
    credits.giveUp(reservation);
    expect([credits.leftOfRun, credits.mayGetMore]).toEqual([40, false]);
    credits.settle(reservation, 10);
    expect([credits.leftOfRun, credits.mayGetMore]).toEqual([90, false]);
  });

  it('are none as soon as nothing is followed, though fractions do not add up to nothing', () => {
    const { credits } = atNoon();
    const reservations = [0.1, 0.2, 0.3].map((each) => credits.taken(each, undefined));
    for (const reservation of reservations) credits.reserve(reservation);
    for (const reservation of reservations.reverse()) credits.settle(reservation, 0);
    expect(credits.mayGetMore).toBe(false);
  });

  it('are not waited for where we have left the task to others, until one of them is heard of', () => {
    const { credits } = atNoon({ isShared: true });
    credits.heard(task('a', 'running', 60));
    credits.giveUpElsewhere('a');
    credits.giveUpElsewhere('a');
    expect([credits.leftOfRun, credits.mayGetMore]).toEqual([40, false]);
    credits.heard(task('a', 'running', 60));
    expect([credits.leftOfRun, credits.mayGetMore]).toEqual([40, true]);
    credits.heard(task('a', 'ended', 0));
    credits.giveUpElsewhere('a');
    credits.giveUpElsewhere('nobody');
    expect([credits.leftOfRun, credits.mayGetMore]).toEqual([100, false]);
  });
});

describe('credits of an earlier run', () => {
  it('that may still be spent are set aside, in the budget and in the day on which it meant to', () => {
    const { clock, credits, ofToday } = atNoon();
    const reservation = credits.adopted(10, undefined, clock.epochNow() - hourMs);
    credits.adopted(5, undefined, clock.epochNow() - 13 * hourMs);
    expect([credits.leftOfRun, credits.mayGetMore, ofToday()]).toEqual([85, true, 10]);
    credits.settle(reservation, 4);
    expect([credits.leftOfRun, ofToday()]).toEqual([91, 4]);
  });

  it('count to the day on which they were spent, however late it is', () => {
    const { clock, credits, ofToday } = atNoon();
    const noonMs = clock.epochNow();
    clock.advance(11 * hourMs);
    credits.adopted(10, undefined, noonMs + 9 * hourMs);
    expect(ofToday()).toBe(10);
  });

  it('are set aside in the budget alone where workers share a run and a day', () => {
    const { clock, credits, ofToday } = atNoon({ isShared: true });
    const reservation = credits.adopted(10, undefined, clock.epochNow());
    expect([credits.leftOfRun, credits.mayGetMore, ofToday()]).toEqual([90, true, 0]);
    expect(credits.reserve(reservation)).toBe(true);
    expect(credits.leftOfRun).toBe(90);
  });

  it('that were spent count in the budget for ever, and in the day and for the key that they were spent for', () => {
    const { clock, credits, ofToday, fits } = atNoon();
    const nowMs = clock.epochNow();
    const tasks = [
      task('mine', 'ended', 12),
      task('yours', 'ended', 3, { intendedAtMs: nowMs - 13 * hourMs }),
      task('theirs', 'ended', 2, { intendedAtMs: nowMs + hourMs }),
      task('mine too', 'running', 7),
      task('mine again', 'unsent', 7),
    ];
    const replaced = [{ credits: 5, intendedAtMs: nowMs - hourMs }];
    credits.restore({ runId: '', tasks, replaced }, (prompt) => prompt);
    expect([credits.leftOfRun, credits.mayGetMore, ofToday()]).toEqual([78, false, 19]);
    expect([fits(9, 'mine'), fits(8, 'mine'), fits(20, 'yours')]).toEqual([false, true, true]);
  });
});

describe('credits of an earlier run, in a limiter that outlives it', () => {
  const history = { runId: 'one', tasks: [task('a', 'ended', 12)], replaced: [{ credits: 5, intendedAtMs: 0 }] };
  const again = ({ slots, clock }: ReturnType<typeof atNoon>) => new Credits(slots, 100, clock);

  it('count in the day once, and in each budget', () => {
    const book = atNoon();
    book.credits.restore(history, () => undefined);
    const credits = again(book);
    credits.restore(history, () => undefined);
    expect([credits.leftOfRun, book.ofToday()]).toEqual([83, 12]);
    credits.settle(credits.adopted(10, undefined, book.clock.epochNow()), 7);
    expect(book.ofToday()).toBe(9);
  });

  it('count beside those of another', () => {
    const book = atNoon();
    book.credits.restore(history, () => undefined);
    again(book).restore({ ...history, runId: 'other' }, () => undefined);
    expect(book.ofToday()).toBe(24);
  });
});

describe('credits of other workers', () => {
  const left = ({ credits }: ReturnType<typeof atNoon>) => [credits.leftOfRun, credits.mayGetMore];

  it('count as soon as they may be spent, and as what was spent once that is known', () => {
    const book = atNoon({ isShared: true });
    book.credits.heard(task('a', 'unknown', 10));
    expect(left(book)).toEqual([90, true]);
    book.credits.heard(task('a', 'running', 10));
    expect(left(book)).toEqual([90, true]);
    book.credits.heard(task('a', 'ended', 6));
    expect(left(book)).toEqual([94, false]);
    // The day is a matter of the limiter that they share.
    expect(book.ofToday()).toBe(0);
  });

  it('do not count where nothing was sent after all', () => {
    const book = atNoon({ isShared: true });
    book.credits.heard(task('a', 'unknown', 10));
    book.credits.heard(task('a', 'unsent', 10));
    expect(left(book)).toEqual([100, false]);
  });

  it('count for each task of a prompt that is tried again, once', () => {
    const book = atNoon({ isShared: true });
    book.credits.heard(task('a', 'ended', 6));
    book.credits.heard(task('a', 'ended', 6));
    expect(left(book)).toEqual([94, false]);
    book.credits.heard(task('a', 'running', 10, { round: 1 }));
    expect(left(book)).toEqual([84, true]);
    book.credits.heard(task('a', 'ended', 9, { round: 1 }));
    expect(left(book)).toEqual([85, false]);
  });

  it('count no more than once where a task that may exist is followed by another', () => {
    const book = atNoon({ isShared: true });
    book.credits.heard(task('a', 'unknown', 10));
    book.credits.heard(task('a', 'unknown', 8, { round: 1 }));
    expect(left(book)).toEqual([92, true]);
  });

  it('are ours to count where we take a task over', () => {
    const book = atNoon({ isShared: true });
    book.credits.heard(task('a', 'running', 10));
    book.credits.heard(task('b', 'ended', 5));
    for (const key of ['a', 'a', 'b', 'c']) book.credits.takenOver(key);
    expect(left(book)).toEqual([100, false]);
  });

  it('count from the beginning, those of tasks that others have replaced, too', () => {
    const book = atNoon({ isShared: true });
    const tasks = [task('a', 'ended', 6), task('b', 'running', 10), task('c', 'unsent', 10)];
    book.credits.restoreShared({ runId: '', tasks, replaced: [{ credits: 3, intendedAtMs: 0 }] });
    expect(left(book)).toEqual([81, true]);
  });
});
