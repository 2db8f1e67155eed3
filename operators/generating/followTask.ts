import { catchError, EMPTY, ignoreElements, last, of, tap, type Observable } from 'rxjs';
import { LookUpFailedError, TaskLostError } from '../../src/errors.js';
import { isPermanent, type Classify, type Refusal } from '../../src/refusal.js';
import type { CallOptions, RemoteTask, TaskRef } from '../../src/tasks/taskApi.js';
import type { Account } from './account.js';
import { pollUntilDone } from '../pollUntilDone.js';
import type { TaskRecord } from './taskRecord.js';

/** A task's states as they change, to its end. Strange answers in a row end it too, with their error. */
export function followTask<Request>(
  account: Account<Request>,
  record: TaskRecord<unknown>,
  ref: TaskRef,
): Observable<RemoteTask> {
  const { api, options, clock, requests } = account;
  let strangeInARow = 0;
  const poll = async (call: CallOptions): Promise<RemoteTask> => {
    const [remote] = await api.poll([ref], call);
    if (remote === undefined) throw new TaskLostError(ref.id);
    strangeInARow = 0;
    return remote;
  };
  // What no retry should help is looked at a few times all the same: the task is paid for.
  const classify = (error: unknown): Refusal => {
    const refusal = meaningOf(api, error);
    record.report({ type: 'refused', refusal, error });
    if (!isPermanent(refusal) || strangeInARow++ < options.maxRetries) return { ...refusal, meaning: 'transient' };
    return refusal;
  };
  return of(ref).pipe(
    pollUntilDone({
      poll: (_, { signal }) => poll({ signal }),
      isDone: isOver,
      intervalMs: options.pollIntervalMs,
      ...{ deadlineMs: options.deadlineMs, classify, clock, limiter: requests, random: options.random },
      emit: 'changes',
      changeKey: (remote) => remote.status,
    }),
    tap((remote) => record.seen(remote)),
    last(),
  );
}

/**
 * A task that was given up may still run, and then holds its slot: while somebody waits, until the server says that it
 * has ended. Where all it gives for a whole deadline are strange answers, or none about a task that it may not even
 * have, the slot is let go.
 */
export function holdSlot<Request>(
  account: Account<Request>,
  record: TaskRecord<unknown>,
  request: Request,
): Observable<never> {
  const { api, options, clock, requests, slots } = account;
  let heardAtMs = clock.now();
  const ask = async (call: CallOptions): Promise<RemoteTask | undefined> => {
    const { task } = record;
    if (slots.waiting === 0) return undefined;
    const isKnown = 'remote' in task;
    const [remote] = isKnown ? await api.poll([task.remote.ref], call) : [await api.lookUp(request, record.id, call)];
    heardAtMs = clock.now();
    return remote;
  };
  const isHopeless = (error: unknown): boolean => {
    const mayPass = 'remote' in record.task && !isPermanent(meaningOf(api, error));
    return !mayPass && clock.now() - heardAtMs >= options.deadlineMs;
  };
  return of(undefined).pipe(
    pollUntilDone({
      poll: (_, { signal }) => ask({ signal }),
      isDone: (remote) => remote === undefined || isOver(remote),
      classify: (error) => (isHopeless(error) ? 'invalid' : 'transient'),
      intervalMs: options.pollIntervalMs,
      ...{ deadlineMs: Infinity, clock, limiter: requests, random: options.random },
    }),
    catchError(() => EMPTY),
    ignoreElements(),
  );
}

/** What an error of a task means: by the API, or by ourselves where it is our own. */
export function meaningOf(api: { readonly classify: Classify }, error: unknown): Refusal {
  const isOurOwn = error instanceof TaskLostError || error instanceof LookUpFailedError;
  return isOurOwn ? { meaning: 'invalid' } : api.classify(error);
}

function isOver(remote: RemoteTask): boolean {
  return remote.status !== 'running';
}
