import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { LimiterEvent } from '../../src/limiter/events.js';
import type { Limit, Outcome } from '../../src/limits/limit.js';
import type { Classify, Refusal, RefusalMeaning } from '../../src/refusal.js';
import { VirtualClock } from '../virtualClock.js';
import { cooled, times, tooFast } from './cooled.js';
import { Work } from './work.js';

describe('limiter.refused', () => {
  it('without a hint backs off 1, 2, 4, 8 s', () => {
    const { refusedAgain } = cooled();
    expect(times(4, refusedAgain)).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it('adds up to half of that as jitter', () => {
    const { refusedAgain } = cooled({}, 0.5);
    expect(times(4, refusedAgain)).toEqual([1_250, 2_500, 5_000, 10_000]);
  });

  it('takes the base of the refusal, or of the options, and their cap', () => {
    expect(cooled().refusedAgain({ meaning: 'too-fast', baseMs: 2_000 })).toBe(2_000);
    expect(times(4, cooled({ baseMs: 100, capMs: 300 }).refusedAgain)).toEqual([100, 200, 300, 300]);
  });

  it('takes its own base where that of a refusal was misread', () => {
    expect(cooled({ baseMs: 100 }).refusedAgain({ meaning: 'too-fast', baseMs: NaN })).toBe(100);
  });

  it('cools for as long as the hint says, never less', () => {
    const { refusedAgain } = cooled({}, 0.5);
    const hinted = (hintMs: number) => refusedAgain({ meaning: 'too-fast', hintMs });
    expect([hinted(7_000), hinted(200_000), hinted(0)]).toEqual([7_000, 200_000, 0]);
  });

  it.each([NaN, Infinity, -1])('takes a hint of %f for none, and is not confused by it later', (hintMs) => {
    const { refusedAgain } = cooled();
    expect(refusedAgain({ meaning: 'too-fast', hintMs })).toBe(1_000);
    expect(refusedAgain({ meaning: 'too-fast', hintMs: 7_000 })).toBe(7_000);
    expect(refusedAgain()).toBe(4_000);
  });

  it.each([
    [0, 30_000],
    [0.5, 45_000],
    [1 - 2 ** -53, 60_000],
  ])('from the fifth in a row on is a burst: a draw of %f cools for %f ms', (draw, burstMs) => {
    const { refusedAgain } = cooled({}, draw);
    expect(times(6, refusedAgain).slice(4)).toEqual([burstMs, burstMs]);
  });

  it('in a burst takes a hint as a floor', () => {
    const { refusedAgain } = cooled({ burstAfter: 1 });
    const hinted = (hintMs: number) => refusedAgain({ meaning: 'too-fast', hintMs });
    expect([hinted(5_000), hinted(90_000)]).toEqual([30_000, 90_000]);
  });

  it('while it is closed belongs to the same event: only a hint can lengthen it', () => {
    const { limiter, clock, coolDownMs, refusedAgain } = cooled();
    limiter.refused(tooFast);
    clock.advance(400);
    for (let others = 0; others < 20; others++) limiter.refused(tooFast);
    expect(coolDownMs()).toBe(600);
    limiter.refused({ meaning: 'too-fast', hintMs: 500 });
    expect(coolDownMs()).toBe(600);
    limiter.refused({ meaning: 'too-fast', hintMs: 900 });
    expect(coolDownMs()).toBe(900);
    expect(refusedAgain()).toBe(2_000);
  });

  it('starts its row over after a success since', async () => {
    const { limiter, clock, coolDownMs, refusedAgain } = cooled();
    times(3, refusedAgain);
    clock.advance(coolDownMs());
    await limiter.run(() => 'fine');
    expect(refusedAgain()).toBe(1_000);
  });

  it('keeps its row over a failure, and over the success of work that started before', async () => {
    const { limiter, clock, coolDownMs, refusedAgain } = cooled();
    const old = new Work(limiter);
    times(2, refusedAgain);
    clock.advance(coolDownMs());
    await old.succeed();
    await new Work(limiter).fail(new Error('not of speed'));
    expect(refusedAgain()).toBe(4_000);
  });

  it('with any other meaning changes nothing, but is told', () => {
    const meanings: RefusalMeaning[] = ['no-slot', 'exhausted', 'account', 'policy', 'transient', 'ambiguous'];
    const { limiter, coolDownMs } = cooled();
    const told: LimiterEvent[] = [];
    limiter.on((event) => told.push(event));
    for (const meaning of meanings) limiter.refused({ meaning, hintMs: 9_000 });
    expect(coolDownMs()).toBe(0);
    expect(told.map((event) => event.type === 'refused' && event.refusal.meaning)).toEqual(meanings);
  });

  it('tells of the refusal and of the cool-down', () => {
    const { limiter, clock } = cooled();
    clock.advance(5);
    const told: LimiterEvent[] = [];
    limiter.on((event) => told.push(event));
    limiter.refused(tooFast);
    expect(told).toEqual([
      { type: 'refused', atMs: 5, refusal: tooFast },
      { type: 'cooled', atMs: 5, coolDownMs: 1_000 },
    ]);
  });
});

describe('classify', () => {
  class Refused extends Error {
    readonly refusal: Refusal;

    constructor(refusal: Refusal) {
      super(refusal.meaning);
      this.refusal = refusal;
    }
  }
  const classify: Classify = (error) => (error instanceof Refused ? error.refusal : { meaning: 'transient' });

  it('finds a too-fast in the error of the work: everybody cools down, the error goes to its caller', async () => {
    const { limiter, coolDownMs } = cooled({}, 0, classify);
    const error = new Refused({ meaning: 'too-fast', hintMs: 7_000 });
    const work = new Work(limiter);
    await expect(work.fail(error)).resolves.toBe(error);
    expect([coolDownMs(), limiter.active]).toEqual([7_000, 0]);
    await expect(
      createLimiter({ limits: [], classify }).run(() => {
        throw error;
      }),
    ).rejects.toBe(error);
  });

  it('leaves every other error to its caller', async () => {
    const { limiter, coolDownMs } = cooled({}, 0, classify);
    await new Work(limiter).fail(new Refused({ meaning: 'no-slot' }));
    await new Work(limiter).fail(new Error('a bug'));
    expect(coolDownMs()).toBe(0);
  });

  it('tells the limits how the work ended', async () => {
    const outcomes: Outcome[] = [];
    const learning: Limit = {
      name: 'learning',
      kind: 'slots',
      capacity: 1,
      earliest: (_cost, nowMs) => nowMs,
      take() {},
      release: (_cost, _takenAtMs, _nowMs, outcome) => outcomes.push(outcome),
      refund() {},
      usage: (nowMs) => ({ used: 0, capacity: 1, resetsAtMs: nowMs }),
    };
    const limiter = createLimiter({ limits: [learning], clock: new VirtualClock(), classify });
    await new Work(limiter).succeed();
    for (const meaning of ['no-slot', 'ambiguous', 'policy', 'too-fast'] as const) {
      await new Work(limiter).fail(new Refused({ meaning, hintMs: 0 }));
    }
    expect(outcomes).toEqual(['succeeded', 'no-slot', 'failed', 'failed', 'too-fast']);
  });
});
