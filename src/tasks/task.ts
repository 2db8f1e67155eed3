import type { Refusal } from '../refusal.js';
import type { RemoteTask } from './taskApi.js';

/**
 * The life of one paid task, as far as we know it.
 *
 * | phase | what is known | what to do next |
 * |---|---|---|
 * | `queued` | there is no such task, and nothing of it is written down | journal |
 * | `intended` | there is no such task; the id and the request are on disk | send |
 * | `submitting` | a request is on its way | wait for its answer; after a crash, as `unknown` |
 * | `unknown` | the answer was lost: the task may exist | look up |
 * | `running` | the server has it | poll |
 * | `overdue` | as `running`, past our own deadline | poll |
 * | `ended` | all | settle |
 */
export type Task =
  | { readonly phase: 'queued' | 'intended' | 'submitting' | 'unknown'; readonly sends: number }
  | { readonly phase: 'running' | 'overdue'; readonly sends: number; readonly remote: RemoteTask }
  | { readonly phase: 'ended'; readonly sends: number; readonly remote: RemoteTask }
  | { readonly phase: 'ended'; readonly sends: number; readonly refusal: Refusal; readonly error: unknown };

/** What can happen to a task. */
export type TaskEvent =
  /** Its id and request are on disk, or there is no journal. */
  | { readonly type: 'written' }
  /** A request to create it leaves. */
  | { readonly type: 'sent' }
  /** The server has it: it answered the request, was found to have it, or was polled. */
  | { readonly type: 'seen'; readonly remote: RemoteTask }
  /** The server's word that there is no task under our id. */
  | { readonly type: 'absent' }
  /** The request to create it failed. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** We will not try again. */
  | { readonly type: 'abandoned'; readonly refusal: Refusal; readonly error: unknown }
  /** Our own deadline passed. */
  | { readonly type: 'deadline' };

export type TaskCommand = 'journal' | 'send' | 'look-up' | 'poll' | 'settle';

export const newTask: Task = { phase: 'queued', sends: 0 };

/** What to do about a task in this state. The rules of money are here: written down first; what may exist is never sent. */
export function todo(task: Task): TaskCommand {
  switch (task.phase) {
    case 'queued':
      return 'journal';
    case 'intended':
      return 'send';
    case 'submitting':
    case 'unknown':
      return 'look-up';
    case 'running':
    case 'overdue':
      return 'poll';
    case 'ended':
      return 'settle';
  }
}

/** The state after an event. Pure; an event that cannot happen in a state leaves it as it is. */
export function after(task: Task, event: TaskEvent): Task {
  const { sends } = task;
  if (task.phase === 'ended') return task;
  switch (event.type) {
    case 'written':
      return task.phase === 'queued' ? { phase: 'intended', sends } : task;
    case 'sent':
      return task.phase === 'intended' ? { phase: 'submitting', sends: sends + 1 } : task;
    case 'seen':
      if (event.remote.status !== 'running') return { phase: 'ended', sends, remote: event.remote };
      return { phase: task.phase === 'overdue' ? 'overdue' : 'running', sends, remote: event.remote };
    case 'absent':
      return task.phase === 'submitting' || task.phase === 'unknown' ? { phase: 'intended', sends } : task;
    case 'refused':
      if (task.phase !== 'submitting') return task;
      return { phase: mayExist(event.refusal) ? 'unknown' : 'intended', sends };
    case 'abandoned':
      return { phase: 'ended', sends, refusal: event.refusal, error: event.error };
    case 'deadline':
      return task.phase === 'running' ? { ...task, phase: 'overdue' } : task;
  }
}

function mayExist({ meaning }: Refusal): boolean {
  return meaning === 'ambiguous' || meaning === 'duplicate';
}
