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
}

export interface CallOptions {
  /** Aborts the HTTP request; never the remote task. */
  readonly signal?: AbortSignal;
}

/**
 * An API whose work is a task: submitted, paid for, polled to its end. Kling's is the first.
 * Every call is one request and never retries by itself; `classify` says what its rejection means.
 */
export interface TaskApi<Request> {
  /** Checks what a user hands in (a bare prompt, or a request) before anything is sent. @throws OptionsError */
  parse(input: unknown): Request;
  /** Creates one task under an id that we chose and wrote down before. */
  submit(request: Request, externalId: string, options?: CallOptions): Promise<RemoteTask>;
  /** Finds what a submit under `externalId` made; undefined is the server's word that there is nothing. */
  lookUp(request: Request, externalId: string, options?: CallOptions): Promise<RemoteTask | undefined>;
  /** Asks for up to `pollBatch` tasks of one product, answered in the order asked; undefined: not known there. */
  poll(refs: readonly TaskRef[], options?: CallOptions): Promise<readonly (RemoteTask | undefined)[]>;
  /** How many tasks one poll can ask for. */
  readonly pollBatch: number;
  readonly classify: Classify;
  /** What the request is for: credits run out by product, and polls go by it. */
  productOf(request: Request): string;
  /** How many slots the task holds while it runs (an image request of n weighs n). */
  weigh(request: Request): number;
  /** What the task will cost, in credits, as far as is known beforehand. */
  estimateCredits(request: Request): number;
}
