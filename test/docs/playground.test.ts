import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asCode } from '../../docs/playground/code.js';
import { figuresOf, isSent, type Figures } from '../../docs/playground/figures.js';
import { nothing } from '../../docs/playground/heldTimes.js';
import { play } from '../../docs/playground/play.js';
import { presets } from '../../docs/playground/presets.js';
import type { ItemRecord, RunRecord } from '../../docs/playground/record.js';
import { rowsOf } from '../../docs/playground/rows.js';
import { mostSteps, run } from '../../docs/playground/run.js';
import type { Settings } from '../../docs/playground/scenario.js';
import { tellItem, tellRun } from '../../docs/playground/telling.js';
import { workload } from '../../docs/playground/workload.js';
import * as sluice from '../../operators/index.js';
import { runs } from '../runs.js';
import { mostWithin, settings, soonRun, unlimited, untroubled } from './playgroundSettings.js';

const figures = (given: Settings): Figures => figuresOf(run(given), given);
const preset = (title: string): Settings => presets.find((it) => it.title === title)?.settings ?? settings({});
const tries = ({ items }: RunRecord) => items.flatMap((item) => item.tries).filter(isSent);
const oursAtMs = ({ server }: RunRecord) => server.seen.filter((it) => it.isOurs).map((it) => it.atMs);

describe('a run of the playground', () => {
  it('should never let a server see more than a window that counts to the end allows', () => {
    fc.assert(
      fc.property(soonRun, (drawn) => {
        const given: Settings = { ...drawn, window: true, countUntil: 'end' };
        const usable = Math.max(1, Math.floor(given.limit * (1 - given.headroom / 100) + 1e-9));
        expect(mostWithin(oursAtMs(run(given)), given.intervalMs)).toBeLessThanOrEqual(usable);
      }),
      runs(30),
    );
  });

  it('should never have more requests out than there are slots', () => {
    fc.assert(
      fc.property(soonRun, (drawn) => {
        const given: Settings = { ...drawn, slots: true };
        const sent = tries(run(given));
        const outAt = (atMs: number): number =>
          sent.filter((it) => it.sentAtMs <= atMs && atMs < it.answeredAtMs).length;
        expect(Math.max(...sent.map((it) => outAt(it.sentAtMs)))).toBeLessThanOrEqual(given.slotCount);
      }),
      runs(30),
    );
  });

  it('should bring each item to an end, and give up only after the last retry', () => {
    const refusals = ({ tries: all }: ItemRecord, { reads }: Settings): number =>
      all.filter((it) => it.verdict !== 'served' && !(reads && it.verdict === 'no slot')).length;
    fc.assert(
      fc.property(soonRun, (given) => {
        const record = run(given);
        for (const item of record.items) {
          const isServed = item.tries.at(-1)?.verdict === 'served';
          if (item.end === 'done')
            expect(isServed && item.tries.filter((it) => it.verdict === 'served')).toHaveLength(1);
          if (item.end === 'given up') expect(refusals(item, given)).toBe(given.maxRetries + 1);
          if (item.end === 'stopped') expect(record.steps).toBe(mostSteps);
        }
      }),
      runs(30),
    );
  });

  it('should make the same record of the same settings, whether in one go or in slices', async () => {
    await fc.assert(
      fc.asyncProperty(soonRun, async (given) => {
        expect(await play(given, new AbortController().signal)).toEqual(run(given));
      }),
      runs(10),
    );
  });

  it('should stop a run in slices once another is wanted', async () => {
    const another = new AbortController();
    const playing = play(settings({ items: 1_000, slots: true, adaptive: true }), another.signal);
    another.abort();
    expect(await playing).toBeUndefined();
  });

  it('should bring the same items whatever the limits and the server', () => {
    fc.assert(
      fc.property(soonRun, soonRun, (one, other) => {
        const { items, arrivals, perMinute, burstSize, burstEveryMs, users, greed, seed } = one;
        const { taskMinMs, taskMaxMs, slowShare, slowMaxMs } = one;
        const work = { items, arrivals, perMinute, burstSize, burstEveryMs, users, greed, seed };
        const same = { ...other, ...work, taskMinMs, taskMaxMs, slowShare, slowMaxMs };
        expect(workload(same)).toEqual(workload(one));
      }),
      runs(50),
    );
  });

  it('should let nothing wait that no limit holds', () => {
    fc.assert(
      fc.property(soonRun, (given) => {
        for (const { queuedAtMs, sentAtMs, heldMs } of tries(run(given))) {
          expect(heldMs.has(nothing)).toBe(false);
          expect(heldMs.size > 0).toBe(sentAtMs > queuedAtMs);
        }
      }),
      runs(30),
    );
  });

  it('should never be quicker than the limits alone', () => {
    fc.assert(
      fc.property(soonRun, (drawn) => {
        const given: Settings = { ...drawn, faultShare: 0, outageForMs: 0, maxRetries: 20 };
        const { makespanMs, idealMs, done } = figures(given);
        // Both are sums of fractions, added up in different orders.
        if (done === given.items) expect(makespanMs).toBeGreaterThanOrEqual(idealMs - 1e-6);
      }),
      runs(30),
    );
  });

  it('should be as quick as the rates alone where nothing else is in the way', () => {
    fc.assert(
      fc.property(soonRun, (drawn) => {
        const { window, evenly, bucket } = drawn;
        const given: Settings = {
          ...drawn,
          ...unlimited,
          ...untroubled,
          window,
          evenly,
          bucket,
          taskMinMs: 0,
          taskMaxMs: 0,
          slowShare: 0,
        };
        const { makespanMs, idealMs } = figures(given);
        expect(makespanMs).toBe(idealMs);
      }),
      runs(30),
    );
  });

  it('should leave no slot idle: within the bound of list scheduling', () => {
    fc.assert(
      fc.property(soonRun, (drawn) => {
        const given: Settings = { ...drawn, ...unlimited, ...untroubled, slots: true, arrivals: 'at once' };
        const takesMs = workload(given).map((it) => it.takesMs);
        const workMs = takesMs.reduce((sum, ms) => sum + ms, 0);
        const { makespanMs } = figures(given);
        expect(makespanMs * given.slotCount).toBeLessThanOrEqual(workMs + (given.slotCount - 1) * Math.max(...takesMs));
      }),
      runs(30),
    );
  });

  it('should get through a thousand items in few steps, and stop where millions are asked for', () => {
    const many = { items: 1_000, users: 4, slots: true, faultShare: 10, serverSlots: true } as const;
    expect(run(settings(many)).steps).toBeLessThan(20_000);
    const hammering = settings({
      ...unlimited,
      items: 1_000,
      serverWindow: false,
      serverSlots: true,
      capMs: 100,
      baseMs: 100,
    });
    const record = run({ ...hammering, taskMinMs: 600_000, taskMaxMs: 600_000 }, 10_000);
    expect(record.steps).toBe(10_000);
    expect(tellRun(figuresOf(record, hammering), hammering)).toMatch(
      /^\d+ of 1000 items done when the run was stopped/,
    );
  });
});

describe('the examples of the playground', () => {
  it('should show a burst that no server refuses', () => {
    const { refusals, worstWindow, done } = figures(preset('A burst into 30 a minute'));
    expect({ refusals, done, seen: worstWindow.all }).toEqual({
      refusals: { 'too fast': 0, 'no slot': 0, fault: 0, outage: 0 },
      done: 120,
      seen: 30,
    });
  });

  it('should show slots that are always in use', () => {
    const given = preset('Three slots, minutes long');
    const { mostAtOnce, refusals } = figures(given);
    expect([mostAtOnce, refusals['no slot'], rowsOf(run(given), given).count]).toEqual([3, 0, 3]);
  });

  it('should show what counting at the start costs, and counting to the end does not', () => {
    const naive = preset('Naive: counted at the start');
    const { worstWindow, refusals } = figures(naive);
    expect(worstWindow.all).toBeGreaterThan(naive.serverLimit);
    expect(refusals['too fast']).toBeGreaterThan(0);
    expect(figures({ ...naive, countUntil: 'end' }).refusals['too fast']).toBe(0);
  });

  it('should show what jitter does for a server that comes back', () => {
    const [none, proportional] = ['no', 'proportional'].map((kind) =>
      figures(preset(`A server comes back: ${kind} jitter`)),
    ) as [Figures, Figures];
    expect(proportional.makespanMs * 2).toBeLessThan(none.makespanMs);
    expect(none.refusals['no slot']).toBeGreaterThan(0);
    expect(none.mostAtOnce).toBe(20);
  });

  it('should show users who take turns, and users who do not', () => {
    const halfWaits = (given: Settings) => figures(given).users.map(({ waitMs }) => waitMs.p50);
    const given = preset('Three users, one greedy');
    const [a = 0, b = 0, c = 0] = halfWaits(given);
    expect(Math.max(b, c) * 4).toBeLessThan(a);
    expect(Math.max(...halfWaits({ ...given, fair: false }).slice(1)) * 2).toBeGreaterThan(a);
  });

  it.each(presets)('should be told in words: $title', ({ settings: given }) => {
    const record = run(given);
    expect(tellRun(figuresOf(record, given), given)).toMatch(/ done in .* need .* refused .*\.$/);
    for (const item of record.items) expect(tellItem(item, given)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it.each(presets)('should be written as code that makes the same limits: $title', ({ settings: given }) => {
    const [, imported = ''] = /import \{ ([^}]*) \} from 'sluice';/.exec(asCode(given)) ?? [];
    const [limiterCode = ''] = /const limiter = createLimiter\([^]*?\n\}\);/.exec(asCode(given)) ?? [];
    const limiter = runInNewContext(`${limiterCode} limiter`, {
      ...sluice,
      classify: () => 'transient',
    }) as sluice.Limiter;
    const [sample] = run(given).samples;
    expect(limiter.snapshot().limits.map(({ capacity }) => capacity)).toEqual(sample?.capacity);
    expect(imported.split(', ').filter((name) => !(name in sluice))).toEqual([]);
  });
});
