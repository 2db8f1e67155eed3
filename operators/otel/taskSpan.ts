import {
  context,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import type { Refusal, RefusalMeaning } from '../../src/refusal.js';
import type { RemoteTask } from '../../src/tasks/taskApi.js';
import type { GenerateEvent, GenerateResult } from '../generating/generateEvents.js';

type Request = 'submit' | 'look_up';

const requestNames: Readonly<Record<Request, string>> = { submit: 'submit task', look_up: 'look up task' };

/**
 * The span of one task, from coming in to its end, and under it one for each request that submits it or looks for it.
 * Its parent is what is active as the task comes in. Nothing that a user or a server has written gets into it.
 */
export class TaskSpan {
  readonly #tracer: Tracer;
  readonly #context: Context;
  readonly #span: Span;
  #request: Span | undefined;

  constructor(tracer: Tracer, event: GenerateEvent, attributes: Attributes) {
    const outside = context.active();
    this.#tracer = tracer;
    this.#span = tracer.startSpan(
      'generate task',
      {
        kind: SpanKind.INTERNAL,
        startTime: instant(event.atMs),
        attributes: { ...attributes, 'sluice.task.external_id': event.id, 'sluice.task.index': event.index },
      },
      outside,
    );
    this.#context = trace.setSpan(outside, this.#span);
  }

  /** What is active while a request about the task is under way: its own span, or that of the task. */
  get context(): Context {
    return this.#request === undefined ? this.#context : trace.setSpan(this.#context, this.#request);
  }

  adopted({ taskId, sinceAtMs }: Extract<GenerateEvent, { type: 'adopted' }>): void {
    this.#span.setAttributes({
      'sluice.task.adopted': true,
      ...(taskId !== undefined && { 'sluice.task.id': taskId }),
    });
    this.#span.addEvent('sent by an earlier run', instant(sinceAtMs));
  }

  requested(request: Request, atMs: number): void {
    this.#endRequest(atMs);
    const options = { kind: SpanKind.CLIENT, startTime: instant(atMs), attributes: { 'sluice.request.kind': request } };
    this.#request = this.#tracer.startSpan(requestNames[request], options, this.#context);
  }

  /** The request that is under way has been answered; with an error, where `errorType` says so. */
  answered(errorType: RefusalMeaning | undefined, atMs: number): void {
    if (errorType !== undefined) {
      this.#request?.setAttribute('error.type', errorType);
      this.#request?.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#endRequest(atMs);
  }

  /** The server has it. */
  seen({ ref }: RemoteTask, type: 'submitted' | 'processing', atMs: number): void {
    this.#endRequest(atMs);
    this.#span.setAttributes({ 'sluice.task.id': ref.id, 'sluice.task.product': ref.product });
    this.#span.addEvent(type, instant(atMs));
  }

  /** The request that is under way was refused; or, where there is none, a poll or a look-up. */
  refused(refusal: Refusal, atMs: number): void {
    const attributes = refusalAttributes(refusal);
    if (this.#request === undefined) this.#span.addEvent('refused', attributes, instant(atMs));
    else {
      this.#request.setAttributes(attributes);
      this.answered(refusal.meaning, atMs);
    }
  }

  retrying(refusal: Refusal, delayMs: number, atMs: number): void {
    const attributes = { ...refusalAttributes(refusal), 'sluice.retry.delay': delayMs / 1_000 };
    this.#span.addEvent('retrying', attributes, instant(atMs));
  }

  ended(result: GenerateResult<unknown>, status: string, atMs: number): void {
    const { taskId, attempts, credits, error } = result;
    this.#endRequest(atMs);
    this.#span.setAttributes({
      'sluice.task.status': status,
      'sluice.task.attempts': attempts,
      'sluice.task.credits': credits,
      ...(taskId !== undefined && { 'sluice.task.id': taskId }),
      ...(error !== undefined && { 'error.type': error.meaning }),
    });
    // The code alone: messages quote what was asked for.
    if (error !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR, message: error.code });
    this.#span.end(instant(atMs));
  }

  /** Nobody will tell how it ends. */
  abandoned(atMs: number): void {
    this.#endRequest(atMs);
    this.#span.setAttribute('sluice.task.status', 'abandoned');
    this.#span.end(instant(atMs));
  }

  #endRequest(atMs: number): void {
    this.#request?.end(instant(atMs));
    this.#request = undefined;
  }
}

function refusalAttributes({ meaning, hintMs }: Refusal): Attributes {
  return { 'sluice.refusal.meaning': meaning, ...(hintMs !== undefined && { 'sluice.refusal.hint': hintMs / 1_000 }) };
}

/** A number could be taken for a monotonic instant. */
function instant(atMs: number): Date {
  return new Date(atMs);
}
