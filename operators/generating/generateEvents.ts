import type { Refusal } from '../../src/refusal.js';
import type { RemoteTask, TaskOutput } from '../../src/tasks/taskApi.js';

/** What became of one prompt: a value, whatever became of it. */
export interface GenerateResult<Input> {
  /** Its place in the source, from 0. */
  readonly index: number;
  /** The id under which it was sent (the server knows it as the external id). */
  readonly id: string;
  readonly prompt: Input;
  readonly status: 'succeeded' | 'failed';
  /** False: it is not over. The task may still run, or was never made; a later run on the same journal goes on with it. */
  readonly isFinal: boolean;
  /** True: an earlier run had this result, and it is told again from the journal. */
  readonly isEarlier?: true;
  /** The server's id, where it gave one. */
  readonly taskId?: string;
  readonly outputs: readonly TaskOutput[];
  /** How many requests to create it were sent, as far as this run knows. */
  readonly attempts: number;
  /** What it cost, in credits: as the server says, else as estimated; what is not over is still reserved. */
  readonly credits: number;
  /** When the server was first known to have it, and when it was known to have ended; wall time. */
  readonly submittedAtMs?: number;
  readonly endedAtMs: number;
  /** Why there is no result. */
  readonly error?: GenerateError;
}

export interface GenerateError {
  /** A refusal's meaning; `failed`: the task ended without a result; `overdue`: not ended within `deadlineMs`, it goes on. */
  readonly meaning: Refusal['meaning'] | 'failed' | 'overdue';
  /** The error's `code`; its name where it has none. */
  readonly code: string;
  readonly message: string;
}

/** What happens to a task, told as it happens. `atMs` is wall time. */
export type GenerateEvent = { readonly index: number; readonly id: string; readonly atMs: number } & (
  | { readonly type: 'queued' | 'submitting' | 'looking-up' }
  /** An earlier run sent it: it is taken over from the journal. `taskId`: the server is known to have it. */
  | { readonly type: 'adopted'; readonly taskId?: string; readonly sinceAtMs: number }
  | { readonly type: 'submitted' | 'processing'; readonly remote: RemoteTask }
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly error: unknown }
  | { readonly type: 'retrying'; readonly refusal: Refusal; readonly delayMs: number }
  /** `durationMs`: how long the server took, by its own clock, where it says so; how late its end was seen is not in it. */
  | { readonly type: 'ended'; readonly result: GenerateResult<unknown>; readonly durationMs?: number }
);

/** What is reported of a task, less what its record adds itself. */
export type Report = GenerateEvent extends infer E
  ? E extends GenerateEvent
    ? Omit<E, 'index' | 'id' | 'atMs'>
    : never
  : never;
