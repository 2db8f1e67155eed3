import { defer, finalize, type Observable } from 'rxjs';
import { keyedStates, type KeyedStates, type SseEvent } from 'sluice/sse';

/** A task as its owner sees it. Instants are those of this server's wall. */
export interface TaskView {
  readonly id: string;
  readonly prompt: string;
  readonly phase: 'waiting' | 'starting' | 'running' | 'done' | 'failed' | 'cancelled';
  readonly submittedAtMs: number;
  /** While it waits: how many go before it, and when its turn is expected. */
  readonly ahead?: number | undefined;
  readonly startsAtMs?: number | undefined;
  /** Once it has started, and when its end is expected. */
  readonly startedAtMs?: number | undefined;
  readonly expectedAtMs?: number | undefined;
  readonly endedAtMs?: number | undefined;
  /** What else there is to say about it, in words. */
  readonly note?: string | undefined;
  readonly video?: string | undefined;
}

/** How many tasks of one person are shown, those that have ended included. */
export const keptTasks = 60;

/** One person's tasks, and who follows them. */
export class Person {
  readonly tasks: KeyedStates<TaskView> = keyedStates({ maxKeys: keptTasks });
  #streams = 0;

  get streams(): number {
    return this.#streams;
  }

  /** What has changed since that event, and what changes. */
  follow(lastEventId: string | undefined): Observable<SseEvent> {
    return defer(() => {
      this.#streams++;
      return this.tasks.since(lastEventId);
    }).pipe(finalize(() => this.#streams--));
  }
}
