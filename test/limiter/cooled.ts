import type { CoolDownOptions } from '../../src/limiter/coolDown.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { Classify, Refusal } from '../../src/refusal.js';
import { VirtualClock } from '../virtualClock.js';

export interface Cooled {
  readonly limiter: Limiter;
  readonly clock: VirtualClock;
  readonly coolDownMs: () => number;
  /** One more refusal, as soon as the last cool-down is over; how long it cools for. */
  readonly refusedAgain: (refusal?: Refusal) => number;
}

export const tooFast: Refusal = { meaning: 'too-fast' };

/** A limiter that nothing but its cool-downs holds back; the jitter is always `draw`. */
export function cooled(coolDown: CoolDownOptions = {}, draw = 0, classify?: Classify): Cooled {
  const clock = new VirtualClock();
  const limiter = createLimiter({
    limits: [],
    clock,
    coolDown,
    random: () => draw,
    ...(classify !== undefined && { classify }),
  });
  const coolDownMs = () => limiter.snapshot().coolDownMs;
  const refusedAgain = (refusal = tooFast) => {
    clock.advance(coolDownMs());
    limiter.refused(refusal);
    return coolDownMs();
  };
  return { limiter, clock, coolDownMs, refusedAgain };
}

export const times = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw);
