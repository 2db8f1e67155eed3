import type { Cancel } from '../clock.js';
import type { Classify } from '../refusal.js';

/** Where a task is found: the product it belongs to (an endpoint, say) and an id there, the server's or ours. */
export interface TaskRef {
  readonly product: string;
  readonly id: string;
}

export interface TaskOutput {
  readonly type: 'video' | 'image';
  readonly url: string;
  /** The length of a video, in ms. */
  readonly durationMs?: number;
}

/** A task as the server last described it. `running` covers every state before the end. */
export interface RemoteTask {
  readonly ref: TaskRef;
  readonly status: 'running' | 'succeeded' | 'failed';
  readonly outputs: readonly TaskOutput[];
  /** Why it failed, in the server's words. */
  readonly message?: string;
  /** What the server deducted, in credits, where it says so. */
  readonly credits?: number;
  /** The id under which it was sent, where the server says so. */
  readonly externalId?: string;
  /** When it was created and when its status last changed, by the server's wall clock, where it says so. */
  readonly createdAtMs?: number;
  readonly updatedAtMs?: number;
}

/**
 * What a poll brings of one task: how it is; `absent`, the server's word that it has no such task; `unseen`, the answer
 * was about others (a page of a list, say) and this one must be asked for alone; or why the answer about it is of no use,
 * which `unseen` is where it was asked for alone.
 */
export type PollAnswer = RemoteTask | 'absent' | 'unseen' | Error;

/** The server's own word that a task has changed, which came without being asked for (a callback). */
export interface TaskUpdate {
  /** Found by `ref.id` or `externalId`; the product of `ref` is not looked at. */
  readonly task: RemoteTask;
  /** False: anybody may have sent it. It is then only a hint to ask. */
  readonly isVerified: boolean;
}

/** Where such updates come in. */
export interface TaskUpdates {
  on(listener: (update: TaskUpdate) => void): Cancel;
}

export interface CallOptions {
  /** Aborts the HTTP request; never the remote task. */
  readonly signal?: AbortSignal;
}

/**
 * An API whose work is a task: submitted, paid for, polled to its end. Kling's is the first.
 * Every call is one request and never retries by itself; `classify` says what its rejection means. It must settle:
 * nobody here sets it a time, and until then it holds its permit, and a submit its slot.
 */
export interface TaskApi<Request> {
  /**
   * Checks what a user hands in (a bare prompt, or a request) before anything is sent. Takes its own results, too, and
   * makes of equal prompts requests of equal JSON: a journal knows them by it. @throws OptionsError
   */
  parse(input: unknown): Request;
  /** Creates one task under an id that we chose and wrote down before. */
  submit(request: Request, externalId: string, options?: CallOptions): Promise<RemoteTask>;
  /** Finds what a submit under `externalId` made; undefined is the server's word that there is nothing. */
  lookUp(request: Request, externalId: string, options?: CallOptions): Promise<RemoteTask | undefined>;
  /** Asks for up to `pollBatch` tasks of one product in one request, answered in the order asked. */
  poll(refs: readonly TaskRef[], options?: CallOptions): Promise<readonly PollAnswer[]>;
  /** How many tasks one poll can ask for, at least 1. */
  readonly pollBatch: number;
  readonly classify: Classify;
  /** What the request is for: credits run out by product, and polls go by it. */
  productOf(request: Request): string;
  /** How many slots the task holds while it runs (an image request of n weighs n). */
  weigh(request: Request): number;
  /** What the task will cost, in credits, as far as is known beforehand. */
  estimateCredits(request: Request): number;
  /** How many slots the account has, where it can tell: one request. */
  concurrency?(options?: CallOptions): Promise<number | undefined>;
}
