import type { PollAnswer, RemoteTask } from '../../tasks/taskApi.js';
import type { AnswerContext } from '../errors.js';
import type { KlingProduct, KlingRequest } from '../klingRequest.js';

/** Where a task of Kling's is found. */
export interface KlingRef {
  readonly product: KlingProduct;
  readonly id: string;
}

/** One request, and how its answer is read. */
export interface Question<T> {
  /** The path and query below the base URL. */
  readonly path: string;
  /** Sent as JSON with POST; where there is none, it is a GET. */
  readonly body?: object;
  /** Reads the data that came with code 0. @throws KlingError `unknown-shape`, `unknown-status` */
  readonly read: (data: unknown, context: AnswerContext) => T;
}

export interface Page {
  readonly page: number;
  readonly pageSize: number;
}

/**
 * One of Kling's standards: its endpoints, bodies, answers and statuses. Each method is one question; who asks it, with
 * which token and over which wire, is no concern of it. All throw an OptionsError for what cannot be asked.
 */
export interface Standard {
  /** How many tasks one poll can ask for. */
  readonly pollBatch: number;
  parse(input: unknown): KlingRequest;
  create(request: KlingRequest, externalId: string): Question<RemoteTask>;
  /** `undefined`: the answer says that there is nothing. */
  lookUp(product: KlingProduct, externalId: string): Question<RemoteTask | undefined>;
  /** At least one ref, at most `pollBatch`. One that is asked for alone is never `unseen`. */
  poll(refs: readonly KlingRef[]): Question<readonly PollAnswer[]>;
  list(product: KlingProduct, page: Page): Question<readonly RemoteTask[]>;
  /** A cheap one whose answer shows that Kling is there. */
  check(): Question<void>;
}
