import { between, seededRandom, type Random } from '../../src/simulator/seededRandom.js';
import type { Settings } from './scenario.js';

export interface Item {
  /** From 1, in the order in which they come. */
  readonly id: number;
  /** From 0. */
  readonly user: number;
  readonly arrivesAtMs: number;
  /** How long the server works on it. */
  readonly takesMs: number;
}

/** What comes, and when: the same for the same seed, whatever the limits and the server. */
export function workload(settings: Settings): readonly Item[] {
  const [arrival, length, owner] = [0, 1, 2].map((part) => seededRandom(settings.seed * 8 + part)) as [
    Random,
    Random,
    Random,
  ];
  const arriveAtMs = arrivals(settings, arrival);
  return Array.from({ length: settings.items }, (_, index) => ({
    id: index + 1,
    user: userOf(settings, owner),
    arrivesAtMs: arriveAtMs(index),
    takesMs: takesMs(settings, length),
  }));
}

/** A draw of the time that a piece of work takes, in whole ms. */
export function takesMs({ taskMinMs, taskMaxMs, slowShare, slowMaxMs }: Settings, random: Random): number {
  const [isSlow, drawn] = [random() * 100 < slowShare, random];
  return Math.round(isSlow ? between(taskMaxMs, slowMaxMs, drawn) : between(taskMinMs, taskMaxMs, drawn));
}

/** The time to the next one, where they come by chance, `perMinute` on average. */
export function gapMs(perMinute: number, random: Random): number {
  return (-Math.log(1 - random()) * 60_000) / perMinute;
}

function arrivals({ arrivals: pattern, perMinute, burstSize, burstEveryMs }: Settings, random: Random) {
  let atMs = 0;
  return (index: number): number => {
    if (pattern === 'steadily') return Math.round((index * 60_000) / perMinute);
    if (pattern === 'in bursts') return Math.floor(index / burstSize) * burstEveryMs;
    if (pattern === 'by chance') return Math.round((atMs += gapMs(perMinute, random)));
    return 0;
  };
}

function userOf({ users, greed }: Settings, random: Random): number {
  const drawn = random() * (greed + users - 1);
  return drawn < greed ? 0 : Math.min(users - 1, 1 + Math.floor(drawn - greed));
}
