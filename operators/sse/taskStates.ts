import { map, type OperatorFunction } from 'rxjs';
import type { TaskOutput } from '../../src/tasks/taskApi.js';
import type { GenerateError, GenerateEvent } from '../generating/generateEvents.js';
import { plainError, type PlainError } from './plain.js';

/** How a task is: all of it, so that whoever has the newest state needs none before. Plain data; instants are wall time. */
export interface TaskState {
  readonly id: string;
  /** Its place in the source, from 0. */
  readonly index: number;
  /** `adopted`: an earlier run sent it, and it has not been asked about yet. */
  readonly phase:
    | 'queued'
    | 'submitting'
    | 'looking-up'
    | 'adopted'
    | 'submitted'
    | 'processing'
    | 'refused'
    | 'retrying'
    | 'succeeded'
    | 'failed';
  /** Since when it is so. */
  readonly sinceAtMs: number;
  /** When its prompt came in, or was taken over. */
  readonly queuedAtMs: number;
  /** When the server was first known to have it. */
  readonly submittedAtMs?: number;
  /** How many of its requests were refused. */
  readonly refusals: number;
  /** The last refusal, until it is got over. */
  readonly refusal?: PlainError;
  /** While `retrying`: when it is sent again, at the earliest. */
  readonly retryAtMs?: number;
  /** From here on it has ended. False: not for good. */
  readonly isFinal?: boolean;
  readonly outputs?: readonly TaskOutput[];
  readonly credits?: number;
  readonly error?: GenerateError;
}

/**
 * Folds what happens to tasks (the `observer` of `generate`) into how each is: the new state of its task for every event.
 *
 * ```
 *  events   -q---s--p------e     queued, submitted, processing, ended
 *  result   -Q---S--P------E     each with all that is known by then
 * ```
 *
 * Nothing is kept of a task once it has ended for good. Pass one stream of one `generate` through it, from its beginning.
 */
export function taskStates(): OperatorFunction<GenerateEvent, TaskState> {
  return (source) => {
    const states = new Map<string, TaskState>();
    return source.pipe(
      map((event) => {
        const state = after(states.get(event.id), event);
        if (state.isFinal === true) states.delete(event.id);
        else states.set(event.id, state);
        return state;
      }),
    );
  };
}

function after(before: TaskState | undefined, event: GenerateEvent): TaskState {
  const { id, index, atMs: sinceAtMs } = event;
  const { queuedAtMs = sinceAtMs, submittedAtMs, refusals = 0 } = before ?? {};
  const known = { id, index, sinceAtMs, queuedAtMs, refusals, ...(submittedAtMs !== undefined && { submittedAtMs }) };
  switch (event.type) {
    case 'queued':
    case 'submitting':
    case 'looking-up':
      return { ...known, phase: event.type, ...stillRefused(before) };
    case 'adopted':
      return { ...known, phase: 'adopted', ...(event.taskId !== undefined && { submittedAtMs: event.sinceAtMs }) };
    case 'submitted':
    case 'processing':
      return { ...known, phase: event.type, submittedAtMs: submittedAtMs ?? sinceAtMs };
    case 'refused':
      return {
        ...known,
        phase: 'refused',
        refusals: refusals + 1,
        refusal: plainError(event.error, event.refusal.meaning),
      };
    case 'retrying':
      return { ...known, phase: 'retrying', retryAtMs: sinceAtMs + event.delayMs, ...stillRefused(before) };
    case 'ended':
      return { ...known, ...ended(event.result) };
  }
}

function stillRefused(before: TaskState | undefined): { readonly refusal?: PlainError } {
  return before?.refusal === undefined ? {} : { refusal: before.refusal };
}

function ended(
  result: Extract<GenerateEvent, { readonly type: 'ended' }>['result'],
): Pick<TaskState, 'phase' | 'isFinal' | 'outputs' | 'credits' | 'error' | 'submittedAtMs'> {
  const { status, isFinal, outputs, credits, error, submittedAtMs } = result;
  return {
    phase: status,
    isFinal,
    outputs,
    credits,
    ...(error !== undefined && { error }),
    ...(submittedAtMs !== undefined && { submittedAtMs }),
  };
}
