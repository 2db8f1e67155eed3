import type { Limit, Outcome, Usage } from '../../src/limits/limit.js';

/** A limit that lets everything pass, and notes how it ended. */
export class RecordingLimit implements Limit {
  readonly name = 'record';
  readonly kind = 'slots';
  readonly capacity = Infinity;
  readonly taken: number[] = [];
  readonly outcomes: (Outcome | 'refunded')[] = [];

  earliest(_cost: number, nowMs: number): number {
    return nowMs;
  }

  take(cost: number): void {
    this.taken.push(cost);
  }

  release(_cost: number, _takenAtMs: number, _nowMs: number, outcome: Outcome): void {
    this.outcomes.push(outcome);
  }

  refund(): void {
    this.outcomes.push('refunded');
  }

  usage(nowMs: number): Usage {
    return { used: 0, capacity: 1, resetsAtMs: nowMs };
  }
}
