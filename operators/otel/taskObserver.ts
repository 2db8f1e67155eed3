import type { Attributes, Context, Tracer } from '@opentelemetry/api';
import type { RefusalMeaning } from '../../src/refusal.js';
import type { Observe } from '../../src/otel/observing.js';
import type { GenerateEvent, GenerateResult } from '../generating/generateEvents.js';
import type { TaskInstruments } from './taskInstruments.js';
import { TaskSpan } from './taskSpan.js';

interface OpenTask {
  readonly span: TaskSpan;
  /** When it began to wait; undefined: it has been sent. */
  waitsSinceMs: number | undefined;
}

/** Follows each task from its first event to its end, and counts on the way. */
export class TaskObserver {
  readonly #tracer: Tracer;
  readonly #instruments: TaskInstruments;
  readonly #attributes: Attributes;
  /** By the external id. */
  readonly #open = new Map<string, OpenTask>();
  #isStopped = false;

  constructor(tracer: Tracer, instruments: TaskInstruments, attributes: Attributes) {
    this.#tracer = tracer;
    this.#instruments = instruments;
    this.#attributes = attributes;
  }

  next(event: GenerateEvent): void {
    if (this.#isStopped) return;
    if (event.type === 'ended') {
      this.#ended(event);
      return;
    }
    const task = this.#taskOf(event);
    if (task === undefined) return;
    const { atMs } = event;
    const { attempts, submissions, adoptions, refusals, retries } = this.#instruments;
    switch (event.type) {
      case 'queued':
        task.waitsSinceMs = atMs;
        break;
      case 'adopted':
        adoptions.add(1, this.#attributes);
        task.span.adopted(event);
        break;
      case 'submitting':
        attempts.add(1, this.#attributes);
        this.#sent(task, atMs);
        task.span.requested('submit', atMs);
        break;
      case 'looking-up':
        task.span.requested('look_up', atMs);
        break;
      case 'submitted':
        submissions.add(1, this.#attributes);
        task.span.seen(event.remote, 'submitted', atMs);
        break;
      case 'processing':
        task.span.seen(event.remote, 'processing', atMs);
        break;
      case 'refused':
        refusals.add(1, { ...this.#attributes, 'sluice.refusal.meaning': event.refusal.meaning });
        task.span.refused(event.refusal, atMs);
        break;
      case 'retrying':
        retries.add(1, { ...this.#attributes, 'sluice.refusal.meaning': event.refusal.meaning });
        task.span.retrying(event.refusal, event.delayMs, atMs);
        break;
    }
  }

  observe(observe: Observe): void {
    const tasks = [...this.#open.values()];
    const waiting = tasks.filter(({ waitsSinceMs }) => waitsSinceMs !== undefined).length;
    const states = { waiting, active: tasks.length - waiting };
    for (const [state, count] of Object.entries(states)) {
      observe(this.#instruments.count, count, { ...this.#attributes, 'sluice.task.state': state });
    }
  }

  /** What is active while a request about the task is sent. */
  contextOf(id: string): Context | undefined {
    return this.#open.get(id)?.span.context;
  }

  /** It has been looked for, which no event tells where nothing was found. */
  lookedUp(id: string, errorType: RefusalMeaning | undefined, atMs: number): void {
    this.#open.get(id)?.span.answered(errorType, atMs);
  }

  stop(atMs: number): void {
    this.#isStopped = true;
    for (const { span } of this.#open.values()) span.abandoned(atMs);
    this.#open.clear();
  }

  /** Only a task that comes in is begun: what is told after an end that was not final begins nothing anew. */
  #taskOf(event: GenerateEvent): OpenTask | undefined {
    const known = this.#open.get(event.id);
    if (known !== undefined || (event.type !== 'queued' && event.type !== 'adopted')) return known;
    const task: OpenTask = { span: new TaskSpan(this.#tracer, event, this.#attributes), waitsSinceMs: undefined };
    this.#open.set(event.id, task);
    return task;
  }

  #sent(task: OpenTask, atMs: number): void {
    if (task.waitsSinceMs === undefined) return;
    this.#instruments.queueDuration.record(seconds(atMs - task.waitsSinceMs), this.#attributes);
    task.waitsSinceMs = undefined;
  }

  #ended({ id, atMs, result }: Extract<GenerateEvent, { type: 'ended' }>): void {
    // Else an earlier run, or another worker, has counted it.
    if (result.isEarlier !== true) this.#count(result);
    this.#open.get(id)?.span.ended(result, statusOf(result), atMs);
    this.#open.delete(id);
  }

  #count(result: GenerateResult<unknown>): void {
    const { duration, completions, credits } = this.#instruments;
    const attributes = {
      ...this.#attributes,
      'sluice.task.status': statusOf(result),
      ...(result.error !== undefined && { 'error.type': result.error.meaning }),
    };
    completions.add(1, attributes);
    // What is not over is still reserved, and goes on.
    if (!result.isFinal) return;
    credits.add(result.credits, this.#attributes);
    if (result.submittedAtMs === undefined) return;
    duration.record(seconds(result.endedAtMs - result.submittedAtMs), attributes);
  }
}

/** Whether it is over at all comes before how. */
function statusOf({ status, isFinal }: GenerateResult<unknown>): 'succeeded' | 'failed' | 'unfinished' {
  return isFinal ? status : 'unfinished';
}

/** The wall may have been set back in between. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1_000;
}
