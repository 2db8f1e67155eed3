import { asyncScheduler, type SchedulerLike } from 'rxjs';
import * as z from 'zod/mini';
import { longestTimerMs, systemClock, type Clock } from '../../src/clock.js';
import { having } from '../../src/options.js';

/** Which time an operator follows; a `clock` goes before a `scheduler`. */
export interface TimeOptions {
  /** @defaultValue the machine's clock; within `TestScheduler.run`, its virtual time */
  readonly clock?: Clock;
  /** A scheduler to take the time from. */
  readonly scheduler?: SchedulerLike;
}

export const timeShape = {
  clock: z.optional(having<Clock>('epochNow')),
  scheduler: z.optional(having<SchedulerLike>('schedule')),
};

export function clockFrom({
  clock,
  scheduler,
}: {
  clock?: Clock | undefined;
  scheduler?: SchedulerLike | undefined;
}): Clock {
  if (clock !== undefined) return clock;
  return scheduler === undefined ? ambientClock() : clockOf(scheduler);
}

/** By how much a timer may come early, and be waited for anew, in ms. */
const earlyMs = 2;

/**
 * The time of a scheduler, as a clock: for engines that should follow it. Where its reading is set back (that of
 * `asyncScheduler` is the wall's), what has been waited counts, and nobody waits for the old reading to return.
 */
export function clockOf(scheduler: SchedulerLike): Clock {
  return {
    now: () => scheduler.now(),
    epochNow: () => scheduler.now(),
    schedule(delayMs, run) {
      const dueMs = scheduler.now() + delayMs;
      // Node warns of a delay below 0.
      let partMs = Math.min(Math.max(0, delayMs), longestTimerMs);
      let waitedMs = 0;
      const action = scheduler.schedule(function () {
        waitedMs += partMs;
        const leftMs = Math.min(dueMs - scheduler.now(), delayMs - waitedMs + earlyMs);
        if (leftMs <= 0) {
          run();
          return;
        }
        partMs = Math.min(leftMs, longestTimerMs);
        this.schedule(undefined, partMs);
      }, partMs);
      return () => action.unsubscribe();
    },
  };
}

/**
 * The clock of the moment. `TestScheduler.run` replaces the time of `asyncScheduler` (and nobody else's): where the two
 * walls are more than a day apart, time is virtual.
 */
export function ambientClock(): Clock {
  const isVirtual = Math.abs(asyncScheduler.now() - systemClock.epochNow()) > 86_400_000;
  return isVirtual ? clockOf(asyncScheduler) : systemClock;
}
