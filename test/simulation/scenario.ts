import type { Faults } from '../../src/simulator/faults.js';
import type { OthersWindow } from '../../src/simulator/others.js';
import { between, oneOf, seededRandom, type Random } from '../../src/simulator/seededRandom.js';

/** Where a process is killed: at an instant, amid its n-th request, or just before its n-th operation on the disk. */
export type Kill = (
  | { readonly atMs: number }
  | { readonly request: number; readonly isArriving: boolean }
  | { readonly operation: number }
) & {
  /** True: the whole machine loses its power. */
  readonly isCrash: boolean;
};

/** All that one seed decides about a run. */
export interface Scenario {
  readonly seed: number;
  readonly prompts: readonly string[];
  /** Prompts that are appended to the file after the first life. */
  readonly appended: readonly string[];
  readonly api: 'v1' | 'new';
  readonly concurrent: number;
  readonly isAuto: boolean;
  readonly rate: { readonly limit: number; readonly intervalMs: number } | 'off';
  readonly dailyCredits: number | 'off';
  readonly deadlineMs: number;
  readonly retryFailed: boolean;
  readonly faults: Faults;
  readonly others: readonly OthersWindow[];
  /** Shares of requests that the network carries twice, loses, or keeps for a while. */
  readonly network: { readonly doubled: number; readonly lost: number; readonly late: number };
  /** One for each life that does not come to its end. */
  readonly kills: readonly Kill[];
  /** By how much the wall is set off after each life, in ms. */
  readonly wallSteps: readonly number[];
  /** The share of operations on the disk that fail, in the lives that are killed. */
  readonly diskFaults: number;
}

export function scenarioOf(seed: number): Scenario {
  const random = seededRandom(seed * 2_654_435_761);
  const chance = (share: number): boolean => random() < share;
  const count = (min: number, max: number): number => Math.floor(between(min, max + 1, random));
  const share = (most: number): number => (chance(0.5) ? 0 : between(0, most, random));
  const kills = Array.from({ length: count(0, 6) }, () => killOf(random));
  return {
    seed,
    prompts: Array.from({ length: count(1, 10) }, () => promptOf(random)),
    appended: chance(0.3) ? Array.from({ length: count(1, 3) }, () => promptOf(random)) : [],
    api: oneOf(['v1', 'new'], random),
    concurrent: count(1, 4),
    isAuto: chance(0.15),
    rate: chance(0.5) ? 'off' : { limit: count(4, 30), intervalMs: 60_000 },
    dailyCredits: chance(0.8) ? 'off' : count(20, 60),
    deadlineMs: chance(0.2) ? 60_000 : 3_600_000,
    retryFailed: chance(0.3),
    faults: {
      ...(chance(0.8) && { latencyMs: { min: 20, max: chance(0.2) ? 40_000 : 800 } }),
      tooFast: share(0.1),
      plain429: share(0.1),
      pollError: share(0.3),
      resetBefore: share(0.2),
      errorBefore: share(0.2),
      noSlot: share(0.2),
      failing: share(0.2),
      hang: share(0.1),
      resetAfter: share(0.3),
      errorAfter: share(0.3),
      garbled: share(0.2),
      strange: share(0.1),
    },
    others: chance(0.7) ? [] : [{ fromMs: count(0, 60_000), untilMs: count(60_001, 300_000), tasks: count(1, 3) }],
    network: chance(0.5) ? { doubled: 0, lost: share(0.1), late: 0 } : { doubled: 0.1, lost: 0.05, late: share(0.1) },
    kills,
    wallSteps: kills.map(() => (chance(0.2) ? between(-7_200_000, 7_200_000, random) : 0)),
    diskFaults: chance(0.2) ? between(0, 0.02, random) : 0,
  };
}

function promptOf(random: Random): string {
  const marker = oneOf(['', '', '', '', ' [fail]', ' [forbidden]'], random);
  return `${oneOf(['a cat', 'a dog', 'a lighthouse', 'a boat'], random)}${marker}`;
}

function killOf(random: Random): Kill {
  const isCrash = random() < 0.5;
  const kind = random();
  if (kind < 0.34) return { isCrash, atMs: between(0, 200_000, random) };
  if (kind < 0.67) return { isCrash, request: 1 + Math.floor(random() * 30), isArriving: random() < 0.5 };
  return { isCrash, operation: 1 + Math.floor(random() * 60) };
}
