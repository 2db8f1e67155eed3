import type { GenerateEvent, GenerateResult } from '../operators/index.js';

/** A task that has a slot and has not ended. */
export interface RunningTask {
  readonly index: number;
  /** The external id. */
  readonly id: string;
  /** Kling's id, once it is known. */
  readonly taskId?: string | undefined;
  readonly state: 'submitting' | 'looking up' | 'refused' | 'submitted' | 'adopted' | 'processing';
  /** When it was first sent, on the wall of Kling's time. */
  readonly sinceAtMs: number;
  /** True unless Kling has said that there is no such task. */
  readonly mayExist: boolean;
}

/** Where every prompt of a run stands, as its events have told. */
export class Board {
  readonly total: number;
  readonly #running = new Map<number, RunningTask>();
  /** Those that this run has given up, and that may run on. */
  readonly #givenUp = new Map<number, RunningTask>();
  readonly #ended = { succeeded: 0, failed: 0, earlier: 0 };
  /** The ids of what is not over, and not waited for. */
  readonly #unfinished = new Set<string>();

  constructor(total: number) {
    this.total = total;
  }

  get succeeded(): number {
    return this.#ended.succeeded;
  }

  get failed(): number {
    return this.#ended.failed;
  }

  /** Those that are over for this run, and not for good. */
  get unfinished(): number {
    return this.#unfinished.size;
  }

  /** Those whose end an earlier run has seen; they are counted above, too. */
  get earlier(): number {
    return this.#ended.earlier;
  }

  get waiting(): number {
    return this.total - this.succeeded - this.failed - this.unfinished - this.#running.size;
  }

  /** In the order in which they were first sent. */
  get running(): readonly RunningTask[] {
    return [...this.#running.values()];
  }

  /** Those that are, or may be, at Kling: the ones that were given up come first. */
  get existing(): readonly RunningTask[] {
    return [...this.#givenUp.values(), ...this.running].filter(({ mayExist }) => mayExist);
  }

  tell(event: GenerateEvent): void {
    if (event.type === 'adopted') this.#adopt(event);
    if (event.type === 'submitting') this.#begin(event);
    if (event.type === 'looking-up') this.#update(event.index, { state: 'looking up' });
    if (event.type === 'refused') this.#refuse(event);
    if (event.type === 'submitted' || event.type === 'processing') {
      this.#update(event.index, { state: event.type, taskId: event.remote.ref.id, mayExist: true });
    }
    if (event.type === 'ended') this.#end(event);
  }

  #adopt({ index, id, taskId, sinceAtMs }: Extract<GenerateEvent, { type: 'adopted' }>): void {
    const state = taskId === undefined ? 'looking up' : 'adopted';
    this.#running.set(index, { index, id, taskId, sinceAtMs, state, mayExist: true });
  }

  #begin({ index, id, atMs }: GenerateEvent): void {
    const sinceAtMs = this.#running.get(index)?.sinceAtMs ?? atMs;
    this.#running.set(index, { index, id, sinceAtMs, state: 'submitting', mayExist: true });
  }

  #refuse({ index, refusal }: Extract<GenerateEvent, { type: 'refused' }>): void {
    // A poll or a look-up that is refused says nothing about its task.
    const { taskId, state } = this.#running.get(index) ?? {};
    if (taskId !== undefined || state === 'looking up') return;
    const { meaning } = refusal;
    this.#update(index, { state: 'refused', mayExist: meaning === 'ambiguous' || meaning === 'duplicate' });
  }

  #end({ index, id, result }: Extract<GenerateEvent, { type: 'ended' }>): void {
    const task = this.#running.get(index);
    this.#running.delete(index);
    if (!result.isFinal) {
      this.#unfinished.add(id);
      if (task !== undefined && mayRunOn(result)) this.#givenUp.set(index, task);
      return;
    }
    this.#unfinished.delete(id);
    this.#givenUp.delete(index);
    this.#ended[result.status] += 1;
    if (result.isEarlier === true) this.#ended.earlier += 1;
  }

  /** What is told of a task that has ended (overdue, its slot still watched) changes nothing. */
  #update(index: number, change: Partial<RunningTask>): void {
    const task = this.#running.get(index);
    if (task !== undefined) this.#running.set(index, { ...task, ...change });
  }
}

/** It is at Kling, or nobody could find out that it is not. */
function mayRunOn({ taskId, error }: GenerateResult<unknown>): boolean {
  return taskId !== undefined || error?.code === 'SLUICE_LOOK_UP_FAILED';
}
