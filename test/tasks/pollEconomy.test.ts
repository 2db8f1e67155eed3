import { describe, expect, it } from 'vitest';
import { between } from '../../src/simulator/seededRandom.js';
import { PollPlan } from '../../src/tasks/pollPlan.js';
import { drive, FixedPolls, type DriveOptions, type Life } from './pollDrive.js';

const intervalMs = 10_000;
const tasks = 300;
const seeds = [1, 2];

/** The simulator's lives. */
const wide: Life = (_, random) =>
  random() < 0.02 ? between(83_000, 300_000, random) : between(24_000, 83_000, random);
/** 60 s, 5 % more or less. */
const narrow: Life = (_, random) => between(57_000, 63_000, random);
/** Videos of 5 and of 10 s. */
const bimodal: Life = (_, random) =>
  random() < 0.5 ? between(28_000, 36_000, random) : between(62_000, 78_000, random);
// To and from 36 s: where lives end just before a multiple of 10 s, fixed polls find them at once by luck.
const shorter: Life = (index, random) => narrow(index, random) * (index < tasks / 2 ? 1 : 0.6);
const longer: Life = (index, random) => narrow(index, random) * (index < tasks / 2 ? 0.6 : 1);
const slower: Life = (index, random) => wide(index, random) * (index < tasks / 2 ? 1 : 2);
const lives = { wide, narrow, bimodal, shorter, longer, slower };

interface Figures {
  readonly requests: number;
  readonly medianMs: number;
  readonly meanMs: number;
  readonly p90Ms: number;
}

type Scenario = Omit<DriveOptions, 'tasks' | 'seed'> & { readonly batch?: number };

/** All runs of a scenario in one, with a plan and with one poll per task each 10 s. */
function measure({ batch = 20, ...scenario }: Scenario): { readonly plan: Figures; readonly fixed: Figures } {
  const runs = (make: () => PollPlan | FixedPolls): Figures =>
    figuresOf(seeds.map((seed) => drive(make(), { ...scenario, tasks, seed })));
  return { plan: runs(() => new PollPlan({ intervalMs, batch })), fixed: runs(() => new FixedPolls(intervalMs)) };
}

function figuresOf(runs: readonly ReturnType<typeof drive>[]): Figures {
  const delaysMs = runs.flatMap((run) => run.delaysMs).toSorted((one, other) => one - other);
  expect(delaysMs).toHaveLength(seeds.length * tasks);
  const quantile = (share: number): number => delaysMs[Math.floor(share * delaysMs.length)]!;
  return {
    requests: runs.reduce((total, run) => total + run.requests, 0),
    medianMs: quantile(0.5),
    meanMs: delaysMs.reduce((total, each) => total + each, 0) / delaysMs.length,
    p90Ms: quantile(0.9),
  };
}

// Submits and polls, the learning from nothing included, beside one poll per task each 10 s.
describe('the economy of polls', () => {
  describe.each([3, 5, 10])('at %i tasks at once', (slots) => {
    it.each(Object.keys(lives) as (keyof typeof lives)[])(
      'saves three requests of five at no worse median delay: %s lives',
      (name) => {
        const { plan, fixed } = measure({ life: lives[name], slots });
        expect(plan.requests).toBeLessThan(0.4 * fixed.requests);
        expect(plan.medianMs).toBeLessThanOrEqual(fixed.medianMs);
        expect(plan.meanMs).toBeLessThan(1.15 * fixed.meanMs);
        expect(plan.p90Ms).toBeLessThan(1.3 * fixed.p90Ms);
      },
    );
  });

  // One task at a time cannot share a poll: what is left is to ask when it is likely to have ended.
  it.each([
    ['wide', wide, 0.7],
    ['narrow', narrow, 0.46],
    ['bimodal', bimodal, 0.5],
  ] as const)('sends fewer requests also for one task at a time: %s lives', (_, life, share) => {
    const { plan, fixed } = measure({ life, slots: 1 });
    expect(plan.requests).toBeLessThan(share * fixed.requests);
    expect(plan.medianMs).toBeLessThanOrEqual(fixed.medianMs);
  });

  it.each([
    ['wide', wide, 0.7],
    ['narrow', narrow, 0.47],
  ] as const)('sends fewer requests also where a poll asks for one task: %s lives', (_, life, share) => {
    const { plan, fixed } = measure({ life, slots: 10, batch: 1 });
    expect(plan.requests).toBeLessThan(share * fixed.requests);
    expect(plan.medianMs).toBeLessThanOrEqual(fixed.medianMs);
  });

  it('shares full polls where there are more tasks than one can ask for', () => {
    const { plan, fixed } = measure({ life: wide, slots: 60 });
    expect(plan.requests).toBeLessThan(0.2 * fixed.requests);
    expect(plan.medianMs).toBeLessThanOrEqual(fixed.medianMs);
  });

  it('guesses where the server does not say how long tasks took', () => {
    const { plan, fixed } = measure({ life: wide, slots: 10, isDurationTold: false });
    expect(plan.requests).toBeLessThan(0.3 * fixed.requests);
    expect(plan.medianMs).toBeLessThanOrEqual(fixed.medianMs);
  });
});
