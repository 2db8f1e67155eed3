/** The base of every error that sluice raises itself. `code` is stable: match on it, not on the message. */
export abstract class SluiceError extends Error {
  abstract readonly code: `SLUICE_${string}`;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An option, a file or a setting that cannot be worked with; `path` says which part. */
export class OptionsError extends SluiceError {
  readonly code = 'SLUICE_BAD_OPTIONS';
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
  }
}

/** A request that costs more than a limit can ever hold: it would wait for ever, so it is refused at once. */
export class CostOverCapacityError extends SluiceError {
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
  readonly code = 'SLUICE_QUEUE_FULL';
  readonly maxSize: number;
  /** True where the overflow policy gives work up in silence; a promise for it is rejected all the same. */
  readonly isSilent: boolean;

  constructor(maxSize: number, isSilent = false) {
    super(
      `the queue holds ${maxSize} already: slow the source down, raise queue.maxSize, or choose an overflow policy`,
    );
    this.maxSize = maxSize;
    this.isSilent = isSilent;
  }
}

/** A deadline of ours passed. The remote task goes on: nothing is known of its end. */
export class DeadlineError extends SluiceError {
  readonly code = 'SLUICE_DEADLINE';
  readonly deadlineMs: number;
  /** What the last poll said, if any did. */
  readonly last: unknown;

  constructor(deadlineMs: number, last: unknown) {
    super(`not done within ${deadlineMs} ms; the task itself goes on: raise deadlineMs, or look for it later`);
    this.deadlineMs = deadlineMs;
    this.last = last;
  }
}

/** The server said that a task ended without a result. */
export class TaskFailedError extends SluiceError {
  readonly code = 'SLUICE_TASK_FAILED';
  readonly status: unknown;

  constructor(message: string, status: unknown) {
    super(message);
    this.status = status;
  }
}

/** The server does not know a task that it had accepted. */
export class TaskLostError extends SluiceError {
  readonly code = 'SLUICE_TASK_LOST';
  readonly taskId: string;

  constructor(taskId: string) {
    super(`the server does not know the task ${taskId} any more: look for it in the account's own pages`);
    this.taskId = taskId;
  }
}

/** Whether a task exists could not be found out: look for the id in the account before sending the request again. */
export class LookUpFailedError extends SluiceError {
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
  readonly code = 'SLUICE_REPLAY';
  /** The number of the record's entry, from 0. */
  readonly position: number;

  constructor(position: number, recorded: string | undefined, found: string) {
    super(`the replay differs at entry ${position}: ${found}, the record has ${recorded ?? 'ended'}`);
    this.position = position;
  }
}
