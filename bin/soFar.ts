import type { Clock, GenerateEvent } from '../operators/index.js';
import { formatCount } from './units.js';

const everyMs = 5_000;

/** Tells every few seconds, by `clock`, how many of `total` prompts have ended, so that long work is seen to go on. */
export function soFar(
  total: number,
  clock: Clock,
  print: (line: string) => void,
): { next(event: GenerateEvent): void } {
  let ended = 0;
  let toldAtMs = clock.now();
  return {
    next: ({ type }) => {
      if (type !== 'ended') return;
      ended++;
      const nowMs = clock.now();
      if (nowMs - toldAtMs < everyMs) return;
      toldAtMs = nowMs;
      print(`${formatCount(ended)} of ${formatCount(total)} prompts so far`);
    },
  };
}
