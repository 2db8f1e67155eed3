import type { Subject } from 'rxjs';
import type { Clock } from '../../src/clock.js';
import { after, newTask, type Task, type TaskEvent } from '../../src/tasks/task.js';
import type { RemoteTask, TaskOutput } from '../../src/tasks/taskApi.js';
import type { GenerateError, GenerateEvent, GenerateResult } from './generateEvents.js';

/** What is reported of a task, less what its record adds itself. */
export type Report = GenerateEvent extends infer E
  ? E extends GenerateEvent
    ? Omit<E, 'index' | 'id' | 'atMs'>
    : never
  : never;

/** What is known of one prompt's task: its state, and what of it was told. */
export class TaskRecord<Input> {
  readonly id: string;
  readonly #input: Input;
  readonly #index: number;
  readonly #clock: Clock;
  readonly #events: Subject<GenerateEvent>;
  #task: Task = newTask;
  #submittedAtMs: number | undefined;
  /** The server's id, once it is known: whoever is told of a failure can look for what is paid for. */
  #taskId: string | undefined;
  #hasEnded = false;

  constructor(id: string, input: Input, index: number, clock: Clock, events: Subject<GenerateEvent>) {
    this.id = id;
    this.#input = input;
    this.#index = index;
    this.#clock = clock;
    this.#events = events;
  }

  get task(): Task {
    return this.#task;
  }

  apply(event: TaskEvent): void {
    this.#task = after(this.#task, event);
  }

  /** The server has it, and has said how it is. */
  seen(remote: RemoteTask): void {
    const before = this.#task.phase;
    this.apply({ type: 'seen', remote });
    this.#taskId = remote.ref.id;
    this.#submittedAtMs ??= this.#wallMs();
    if (before === 'submitting' || before === 'unknown') this.report({ type: 'submitted', remote });
    else if (remote.status === 'running') this.report({ type: 'processing', remote });
  }

  /** The result of a task that has ended. */
  settle(): GenerateResult<Input> {
    const task = this.#task;
    if (task.phase !== 'ended') throw new Error(`a task that is ${task.phase} has no result`);
    if ('error' in task) return this.failed(task.refusal.meaning, task.error);
    if (task.remote.status === 'succeeded') return this.#result(task.remote.outputs);
    const message = task.remote.message ?? 'the task failed';
    return this.#result([], { meaning: 'failed', code: 'SLUICE_TASK_FAILED', message });
  }

  /** The result of one that has not, or not well, as `error` says. */
  failed(meaning: GenerateError['meaning'], error: unknown): GenerateResult<Input> {
    return this.#result([], { meaning, ...told(error) });
  }

  /** The end is the last that is told: an overdue task's polls go on in silence. */
  report(report: Report): void {
    if (this.#hasEnded) return;
    this.#hasEnded = report.type === 'ended';
    this.#events.next({ ...report, index: this.#index, id: this.id, atMs: this.#wallMs() });
  }

  #result(outputs: readonly TaskOutput[], error?: GenerateError): GenerateResult<Input> {
    const result: GenerateResult<Input> = {
      index: this.#index,
      id: this.id,
      prompt: this.#input,
      status: error === undefined ? 'succeeded' : 'failed',
      ...(this.#taskId !== undefined && { taskId: this.#taskId }),
      outputs,
      attempts: this.#task.sends,
      ...(this.#submittedAtMs !== undefined && { submittedAtMs: this.#submittedAtMs }),
      endedAtMs: this.#wallMs(),
      ...(error !== undefined && { error }),
    };
    this.report({ type: 'ended', result });
    return result;
  }

  #wallMs(): number {
    return Math.round(this.#clock.epochNow());
  }
}

function told(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  return { code: 'code' in error ? String(error.code) : error.name, message: error.message };
}
