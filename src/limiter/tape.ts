import type { Clock } from '../clock.js';
import type { Outcome } from '../limits/limit.js';
import type { Refusal } from '../refusal.js';
import type { Cost } from './cost.js';
import type { Place } from './place.js';

/**
 * One line of a limiter's record: what came from outside (calls, timers, clock readings, draws) and what was decided.
 * Plain data, as far as the keys are. What stands between an `admitted` or a `dropped` and its `returned` happened within
 * that work, or as it was told.
 */
export type TapeEntry =
  | { readonly type: 'now' | 'epoch' | 'draw'; readonly value: number }
  | { readonly type: 'wake' | 'admitWaiting' | 'returned' }
  | { readonly type: 'enter'; readonly id: number; readonly cost: Cost; readonly place: Place }
  | { readonly type: 'leave'; readonly id: number }
  | {
      readonly type: 'release';
      readonly cost: Cost;
      readonly takenAtMs: number;
      readonly outcome: Outcome;
      readonly key: unknown;
    }
  | {
      readonly type: 'refund' | 'refusedSlot' | 'grantedSlot';
      readonly cost: Cost;
      readonly takenAtMs: number;
      readonly key: unknown;
    }
  | {
      readonly type: 'adjust';
      readonly name: string;
      readonly delta: number;
      readonly takenAtMs: number | undefined;
      readonly key: unknown;
    }
  | { readonly type: 'coolDown'; readonly delayMs: number; readonly options: { readonly ramp?: boolean } | undefined }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'update'; readonly changes: Readonly<Record<string, unknown>> }
  | { readonly type: 'admitted'; readonly id: number; readonly atMs: number }
  | { readonly type: 'dropped'; readonly id: number };

/** Takes a record down; it must be quick and not throw. */
export type Recorder = (entry: TapeEntry) => void;

/** The recording side: notes what is read of time and chance as it is read. */
export class Tape {
  readonly #record: Recorder;
  #isPaused = false;

  constructor(record: Recorder) {
    this.#record = record;
  }

  note(entry: TapeEntry): void {
    if (!this.#isPaused) this.#record(entry);
  }

  /** What is only looked at leaves no trace: it decides nothing. */
  unrecorded<T>(look: () => T): T {
    this.#isPaused = true;
    try {
      return look();
    } finally {
      this.#isPaused = false;
    }
  }

  clock(clock: Clock): Clock {
    return {
      now: () => this.#noted('now', clock.now()),
      epochNow: () => this.#noted('epoch', clock.epochNow()),
      schedule: (delayMs, run) =>
        clock.schedule(delayMs, () => {
          this.note({ type: 'wake' });
          run();
        }),
    };
  }

  random(random: () => number): () => number {
    return () => this.#noted('draw', random());
  }

  #noted(type: 'now' | 'epoch' | 'draw', value: number): number {
    this.note({ type, value });
    return value;
  }
}
