import { catchError, EMPTY, filter, ignoreElements, last, map, of, takeWhile, tap, type Observable } from 'rxjs';
import { isPermanent } from '../../src/refusal.js';
import { todo } from '../../src/tasks/task.js';
import type { CallOptions, RemoteTask, TaskRef } from '../../src/tasks/taskApi.js';
import { pollUntilDone } from '../pollUntilDone.js';
import { deadline } from '../time/deadline.js';
import type { Account } from './account.js';
import { lookedUp } from './answers.js';
import { meaningOf } from './meaningOf.js';
import type { Polled } from './pollRound.js';
import type { TaskRecord } from './taskRecord.js';

/** A task's states as they change, to its end. Strange answers in a row end it too, with their error. */
export function followTask<Request>(
  account: Account<Request>,
  record: TaskRecord<unknown>,
  ref: TaskRef,
): Observable<RemoteTask> {
  const { api, options, clock, closures } = account;
  let strangeInARow = 0;
  let seen: RemoteTask | undefined;
  /** How it was told to be; not known any more where a poll has failed since, so that it is told again. */
  let told: RemoteTask['status'] | undefined;
  let failure: ErrorOptions | undefined;
  // What no retry should help is looked at a few times all the same: the task is paid for.
  const stumble = (error: unknown): void => {
    failure = { cause: error };
    const refusal = meaningOf(api, error);
    record.report({ type: 'refused', refusal, error });
    told = undefined;
    if (!isPermanent(refusal) || strangeInARow++ < options.maxRetries) return;
    closures.heard(ref.product, refusal, error);
    throw error;
  };
  return polled(account, record, ref).pipe(
    filter((answer): answer is Extract<Polled, { remote: unknown }> => {
      if ('error' in answer) stumble(answer.error);
      else {
        strangeInARow = 0;
        failure = undefined;
      }
      return 'remote' in answer;
    }),
    map(({ remote }) => remote),
    tap((remote) => {
      if (remote.status !== told) record.seen(remote);
      told = remote.status;
      seen = remote;
    }),
    takeWhile((remote) => !isOver(remote), true),
    last(),
    deadline(options.deadlineMs, clock, () => ({ last: seen, failure })),
  );
}

/**
 * A task that was given up may still run, and then holds its slot until the server says that it has ended, or nobody
 * wants a slot any more. Where a whole deadline has brought no answer of use about it, the slot is let go, too.
 */
export function holdSlot<Request>(
  account: Account<Request>,
  record: TaskRecord<unknown>,
  request: Request | undefined,
): Observable<never> {
  const { clock, options } = account;
  const { task } = record;
  if (!('remote' in task)) return request === undefined ? EMPTY : holdUnknown(account, record, request);
  let heardAtMs = clock.now();
  const isHopeless = (): boolean => clock.now() - heardAtMs >= options.deadlineMs;
  return polled(account, record, task.remote.ref).pipe(
    takeWhile((answer) => {
      const isUseful = 'remote' in answer || !isPermanent(meaningOf(account.api, answer.error));
      if (isUseful) heardAtMs = clock.now();
      if ('remote' in answer) record.seen(answer.remote);
      return account.isSlotWanted && !isHopeless() && todo(record.task) === 'poll';
    }),
    ignoreElements(),
  );
}

/** The same for one of which nobody knows whether it exists: it is looked up. */
function holdUnknown<Request>(
  account: Account<Request>,
  record: TaskRecord<unknown>,
  request: Request,
): Observable<never> {
  const { api, options, clock, requests } = account;
  let heardAtMs = clock.now();
  const ask = async (call: CallOptions): Promise<RemoteTask | undefined> => {
    if (!account.isSlotWanted) return undefined;
    const remote = await lookedUp(api, request, record.id, call);
    heardAtMs = clock.now();
    if (remote === undefined) record.unsent();
    else record.seen(remote);
    return remote;
  };
  const isHopeless = (): boolean => clock.now() - heardAtMs >= options.deadlineMs;
  return of(undefined).pipe(
    pollUntilDone({
      poll: (_, { signal }) => ask({ signal }),
      isDone: (remote) => remote === undefined || isOver(remote),
      classify: () => (isHopeless() ? 'invalid' : 'transient'),
      intervalMs: options.pollIntervalMs,
      deadlineMs: Infinity,
      clock,
      limiter: requests,
      random: options.random,
    }),
    catchError(() => EMPTY),
    ignoreElements(),
  );
}

function polled<Request>(
  { poller }: Account<Request>,
  { id, sinceMs }: TaskRecord<unknown>,
  ref: TaskRef,
): Observable<Polled> {
  return poller.follow({ ref, externalId: id, sinceMs });
}

function isOver(remote: RemoteTask): boolean {
  return remote.status !== 'running';
}
