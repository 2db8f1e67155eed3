/**
 * The base of every error that sluice raises itself. `code` is stable: match on it, not on the message.
 * Each of ours has its `name` written out: what minifies a bundle renames classes.
 */
export abstract class SluiceError extends Error {
  abstract readonly code: `SLUICE_${string}`;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option, a file or a setting that cannot be worked with; `path` says which part. */
export class OptionsError extends SluiceError {
  override readonly name = 'OptionsError';
  readonly code = 'SLUICE_BAD_OPTIONS';
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** A request that costs more than a limit can ever hold: it would wait for ever, so it is refused at once. */
export class CostOverCapacityError extends SluiceError {
  override readonly name = 'CostOverCapacityError';
  readonly code = 'SLUICE_COST_OVER_CAPACITY';
  readonly limit: string;
  readonly cost: number;
  readonly capacity: number;

  constructor(limit: string, cost: number, capacity: number) {
    super(`a cost of ${cost} can never pass the limit "${limit}", which holds ${capacity}: lower the cost or raise it`);
    this.limit = limit;
    this.cost = cost;
    this.capacity = capacity;
  }
}

/** The queue is full and its overflow policy is `error`, or a waiter was dropped by another policy. */
export class QueueFullError extends SluiceError {
  override readonly name = 'QueueFullError';
  readonly code = 'SLUICE_QUEUE_FULL';
  readonly maxSize: number;
  /** True where the overflow policy gives work up in silence; a promise for it is rejected all the same. */
  readonly isSilent: boolean;

  constructor(maxSize: number, isSilent = false) {
    super(
      isSilent
        ? `the queue holds ${maxSize} already, and its overflow policy gave this up: slow the source down, or raise queue.maxSize`
        : `the queue holds ${maxSize} already: slow the source down, raise queue.maxSize, or choose an overflow policy`,
    );
    this.maxSize = maxSize;
    this.isSilent = isSilent;
  }
}

/** A budget that is never filled up again cannot pay for this. */
export class BudgetSpentError extends SluiceError {
  override readonly name = 'BudgetSpentError';
  readonly code = 'SLUICE_BUDGET_SPENT';
  /** The budget's name. */
  readonly limit: string;
  readonly cost: number;
  readonly left: number;

  constructor(limit: string, cost: number, left: number) {
    super(`a cost of ${cost} is more than the ${left} that are left of "${limit}": raise it to go on`);
    this.limit = limit;
    this.cost = cost;
    this.left = left;
  }
}

/** A deadline of ours passed. The remote task goes on: nothing is known of its end. `cause` is what the last poll failed with. */
export class DeadlineError extends SluiceError {
  override readonly name = 'DeadlineError';
  readonly code = 'SLUICE_DEADLINE';
  readonly deadlineMs: number;
  /** What the last poll said, if any did. */
  readonly last: unknown;

  constructor(deadlineMs: number, last: unknown, options?: ErrorOptions) {
    const why = options?.cause instanceof Error ? ` (the last poll failed: ${options.cause.message})` : '';
    super(
      `not done within ${deadlineMs} ms${why}; the task itself goes on: raise deadlineMs, or look for it later`,
      options,
    );
    this.deadlineMs = deadlineMs;
    this.last = last;
  }
}

/** The server said that a task ended without a result. */
export class TaskFailedError extends SluiceError {
  override readonly name = 'TaskFailedError';
  readonly code = 'SLUICE_TASK_FAILED';
  readonly status: unknown;

  constructor(message: string, status: unknown) {
    super(message);
    this.status = status;
  }
}

/** The server does not know a task that it had accepted. */
export class TaskLostError extends SluiceError {
  override readonly name = 'TaskLostError';
  readonly code = 'SLUICE_TASK_LOST';
  readonly taskId: string;

  constructor(taskId: string) {
    super(`the server does not know the task ${taskId} any more: look for it in the account's own pages`);
    this.taskId = taskId;
  }
}

/** Whether a task exists could not be found out: look for the id in the account before sending the request again. */
export class LookUpFailedError extends SluiceError {
  override readonly name = 'LookUpFailedError';
  readonly code = 'SLUICE_LOOK_UP_FAILED';
  readonly externalId: string;

  constructor(externalId: string, cause: unknown) {
    super(
      `the answer to a request was lost, and looking it up failed too: a task may exist as ${externalId}; ` +
        'look for it in the account before sending the request again',
      { cause },
    );
    this.externalId = externalId;
  }
}

/** A replay would decide otherwise than its record: other options, another version, or a record with a gap. */
export class ReplayError extends SluiceError {
  override readonly name = 'ReplayError';
  readonly code = 'SLUICE_REPLAY';
  /** The number of the record's entry, from 0. */
  readonly position: number;

  constructor(position: number, recorded: string | undefined, found: string) {
    super(`the replay differs at entry ${position}: ${found}, the record has ${recorded ?? 'ended'}`);
    this.position = position;
  }
}

/** A journal that cannot be read, written or trusted any more. What was on disk before is as it was. */
export class JournalError extends SluiceError {
  override readonly name = 'JournalError';
  readonly code = 'SLUICE_JOURNAL';
  /** Undefined where the journal is not a file. */
  readonly file: string | undefined;

  constructor(message: string, file?: string, options?: ErrorOptions) {
    super(message, options);
    this.file = file;
  }
}

/** Another process holds the journal, or this one has it open already. */
export class JournalLockedError extends SluiceError {
  override readonly name = 'JournalLockedError';
  readonly code = 'SLUICE_JOURNAL_LOCKED';
  /** The file that says who holds it. */
  readonly path: string;
  /** The holder's process id, as it is where that runs. */
  readonly pid: number;

  /** @param unseen what keeps us from knowing whether the holder still runs (another host, say) */
  constructor(path: string, pid: number, unseen?: string) {
    super(
      unseen === undefined
        ? `the journal is in use by process ${pid} (${path}): let that end, or give this run a journal of its own`
        : `the journal is in use by process ${pid} of ${unseen} (${path}), which cannot be seen from here: ` +
            'let that end, and remove the file if it has ended already',
    );
    this.path = path;
    this.pid = pid;
  }
}

/**
 * What kept a file from being fetched.
 *
 * | kind | what happened |
 * |---|---|
 * | `gone` | 403, 404 or 410: it is not there, or not any more |
 * | `refused` | another status that is no success, or a redirect that leads nowhere |
 * | `wrong-content` | what came is no file of the kind that is due: a page of an edge, say |
 * | `incomplete` | the connection failed, or the file ended before its end; what came is kept |
 * | `timed-out` | nothing came for too long; what came is kept |
 * | `too-large` | it is longer than it may be |
 * | `busy` | somebody else is fetching it to the same place |
 * | `not-saved` | the file system refused |
 */
export type DownloadErrorKind =
  'gone' | 'refused' | 'wrong-content' | 'incomplete' | 'timed-out' | 'too-large' | 'busy' | 'not-saved';

export interface DownloadErrorDetails {
  readonly kind: DownloadErrorKind;
  /** Where it was to come from, without the query: signed URLs carry their secret there. */
  readonly url: string;
  /** The HTTP status, where an answer came. */
  readonly status?: number | undefined;
  /** How long the answer asked to wait, in ms. */
  readonly retryAfterMs?: number | undefined;
}

/** A file did not come, or not as a whole: there is nothing under its name. */
export class DownloadError extends SluiceError implements DownloadErrorDetails {
  override readonly name = 'DownloadError';
  readonly code = 'SLUICE_DOWNLOAD';
  readonly kind: DownloadErrorKind;
  readonly url: string;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, details: DownloadErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.kind = details.kind;
    this.url = details.url;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Redis, which keeps the shared limits, cannot be asked: what waited was given up, as `onStoreLost` says, or it refuses us. */
export class StoreLostError extends SluiceError {
  override readonly name = 'StoreLostError';
  readonly code = 'SLUICE_STORE_LOST';
  /** The limiter's name. */
  readonly store: string;

  constructor(store: string, advice: string, cause: unknown) {
    const why = cause instanceof Error ? ` (${cause.message})` : '';
    super(`the shared limits "${store}" are out of reach${why}: ${advice}`, { cause });
    this.store = store;
  }
}
