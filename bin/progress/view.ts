import type { RunningTask } from '../board.js';

/** What there is to see of a run at one instant. All times are Kling's. */
export interface View {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Over for this run, and not for good. */
  readonly unfinished: number;
  /** How many of these were over before it. */
  readonly earlier: number;
  readonly waiting: number;
  readonly running: readonly (RunningTask & { readonly prompt: string })[];
  readonly refusals: number;
  /** How much of the rates and quotas is used. */
  readonly usage: readonly { readonly name: string; readonly used: number; readonly capacity: number }[];
  /** How long everybody waits after a refusal, in ms. */
  readonly coolDownMs: number;
  readonly elapsedMs: number;
  /** What is saved of what has been made, where that was asked for. */
  readonly saved?: { readonly saved: number; readonly total: number } | undefined;
  /** On the wall, as the instants of `running`. */
  readonly nowAtMs: number;
  /** True once nothing more is sent. */
  readonly isStopping: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}
