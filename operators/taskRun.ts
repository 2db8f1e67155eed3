import {
  catchError,
  concat,
  defer,
  EMPTY,
  filter,
  finalize,
  fromEvent,
  ignoreElements,
  last,
  map,
  merge,
  NEVER,
  of,
  takeUntil,
  tap,
  type Observable,
  type ObservableInput,
  type Subject,
} from 'rxjs';
import type { Clock } from '../src/clock.js';
import { DeadlineError, TaskLostError } from '../src/errors.js';
import type { Limiter } from '../src/limiter/limiter.js';
import type { Cost } from '../src/limiter/waiter.js';
import { isPermanent, type Refusal } from '../src/refusal.js';
import { after, newTask, todo, type Task, type TaskEvent } from '../src/tasks/task.js';
import type { CallOptions, RemoteTask, TaskApi, TaskRef } from '../src/tasks/taskApi.js';
import { concurrencyLimit } from './concurrencyLimit.js';
import type { GenerateEvent, GenerateResult } from './generateEvents.js';
import type { ParsedGenerateOptions } from './generateOptions.js';
import { pollUntilDone } from './pollUntilDone.js';
import { retryWithJitter } from './retryWithJitter.js';

/** What the tasks of one stream share. */
export interface Account<Request> {
  readonly api: TaskApi<Request>;
  readonly options: ParsedGenerateOptions;
  readonly clock: Clock;
  readonly slots: Limiter;
  readonly requests: Limiter;
  /** Emits as a task gives its slot back. */
  readonly slotFreed: Subject<void>;
  /** What the observer hears. */
  readonly events: Subject<GenerateEvent>;
  /** The refusal for which nothing more of a product is sent; `*` stands for all products. */
  readonly closed: Map<string, { readonly refusal: Refusal; readonly error: unknown }>;
}

/** What a run reports, less what it adds itself. */
type Report = GenerateEvent extends infer E
  ? E extends GenerateEvent
    ? Omit<E, 'index' | 'id' | 'atMs'>
    : never
  : never;

/** Carries out what the state of one task asks for, until there is a result. Runs once a slot is its own. */
export class TaskRun<Input, Request> {
  readonly cost: Cost;
  readonly #account: Account<Request>;
  readonly #input: Input;
  readonly #request: Request | undefined;
  readonly #index: number;
  readonly #id: string;
  #task: Task = newTask;
  #submittedAtMs: number | undefined;
  #hasEnded = false;
  /** The server's id, once it is known: whoever is told of a failure can look for what is paid for. */
  #taskId: string | undefined;

  constructor(account: Account<Request>, input: Input, index: number) {
    const { api, options, slots } = account;
    this.#account = account;
    this.#input = input;
    this.#index = index;
    this.#id = options.externalId(input, index);
    try {
      this.#request = api.parse(input);
      this.cost = { tasks: api.weigh(this.#request), credits: api.estimateCredits(this.#request) };
      slots.check(this.cost);
    } catch (error) {
      this.cost = 0;
      this.#apply({ type: 'abandoned', refusal: { meaning: 'invalid' }, error });
    }
    this.#report({ type: 'queued' });
  }

  /** The one result, or none where nothing was sent before everything stopped. Never errors. */
  result(): Observable<GenerateResult<Input>> {
    return concat(this.#create(), this.#follow()).pipe(finalize(() => this.#account.slotFreed.next()));
  }

  /** Completes once the server has the task, or it is known that it never will. */
  #create(): Observable<never> {
    const { options, clock, api } = this.#account;
    const { maxRetries, baseMs, capMs, jitter, random } = options;
    return defer(() => {
      const closed = this.#closedBy();
      if (closed !== undefined) this.#apply({ type: 'abandoned', ...closed });
      return this.#attempt();
    }).pipe(
      retryWithJitter({
        ...{ maxRetries, baseMs, capMs, jitter, random, clock },
        classify: (error) => api.classify(error),
        onRetry: ({ refusal, delayMs }) => this.#report({ type: 'retrying', refusal, delayMs }),
        wakeOn: (refusal) => this.#wakes(refusal),
      }),
      catchError((error: unknown) => this.#giveUp(error)),
    );
  }

  #attempt(): Observable<never> {
    const send = defer(() => (todo(this.#task) === 'send' ? this.#send() : EMPTY));
    return todo(this.#task) === 'look-up' ? concat(this.#lookUp(), send) : send;
  }

  #send(): Observable<never> {
    const { api } = this.#account;
    const request = this.#request;
    if (request === undefined) return EMPTY;
    return this.#call((call) => {
      this.#apply({ type: 'sent' });
      this.#report({ type: 'submitting' });
      return api.submit(request, this.#id, call);
    }).pipe(
      tap((remote) => this.#seen(remote)),
      catchError((error: unknown) => {
        const refusal = api.classify(error);
        this.#apply({ type: 'refused', refusal });
        this.#report({ type: 'refused', refusal, error });
        throw error;
      }),
      ignoreElements(),
      // What still waits for its turn under the rate is not sent any more.
      takeUntil(this.#stopped().pipe(filter(() => this.#task.phase === 'queued'))),
    );
  }

  /** Looking costs nothing, and not looking may cost a task: only a permanent refusal ends it. */
  #lookUp(): Observable<never> {
    const { api, options, clock } = this.#account;
    const request = this.#request;
    if (request === undefined) return EMPTY;
    return this.#call((call) => {
      this.#report({ type: 'looking-up' });
      return api.lookUp(request, this.#id, call);
    }).pipe(
      retryWithJitter({
        maxRetries: Infinity,
        classify: (error) => api.classify(error),
        random: options.random,
        clock,
      }),
      tap((remote) => {
        if (remote === undefined) this.#apply({ type: 'absent' });
        else this.#seen(remote);
      }),
      ignoreElements(),
    );
  }

  /** The tries are over. What may exist is looked for once more; only then is the task given up. */
  #giveUp(error: unknown): Observable<never> {
    const look = todo(this.#task) === 'look-up' ? this.#lookUp().pipe(catchError(() => EMPTY)) : EMPTY;
    const abandon = defer(() => {
      const command = todo(this.#task);
      if (command === 'send' || command === 'look-up') this.#abandon(error);
      return EMPTY;
    });
    return concat(look, abandon);
  }

  #abandon(error: unknown): void {
    const { api, closed } = this.#account;
    const refusal = api.classify(error);
    if (refusal.meaning === 'account') closed.set('*', { refusal, error });
    if (refusal.meaning === 'exhausted' && this.#request !== undefined) {
      closed.set(api.productOf(this.#request), { refusal, error });
    }
    this.#apply({ type: 'abandoned', refusal, error });
  }

  #follow(): Observable<GenerateResult<Input>> {
    const { options } = this.#account;
    return defer(() => {
      const task = this.#task;
      if (task.phase === 'ended') return of(this.#settle());
      if (task.phase !== 'running') return EMPTY;
      return this.#poll(task.remote.ref, options.deadlineMs, isOver).pipe(
        map(() => this.#settle()),
        catchError((error: unknown) => this.#unfollowed(task.remote.ref, error)),
      );
    });
  }

  #poll(ref: TaskRef, deadlineMs: number, isDone: (remote: RemoteTask) => boolean): Observable<RemoteTask> {
    const { api, options, clock, requests } = this.#account;
    let strangeInARow = 0;
    const poll = async (call: CallOptions): Promise<RemoteTask> => {
      const [remote] = await api.poll([ref], call);
      if (remote === undefined) throw new TaskLostError(ref.id);
      strangeInARow = 0;
      return remote;
    };
    // What no retry should help is looked at a few times all the same: the task is paid for.
    const classify = (error: unknown): Refusal => {
      const refusal = this.#meaningOfPoll(error);
      this.#report({ type: 'refused', refusal, error });
      if (!isPermanent(refusal) || strangeInARow++ < options.maxRetries) return { ...refusal, meaning: 'transient' };
      return refusal;
    };
    return of(ref).pipe(
      pollUntilDone({
        poll: (_, { signal }) => poll({ signal }),
        isDone,
        intervalMs: options.pollIntervalMs,
        ...{ deadlineMs, classify, clock, limiter: requests, random: options.random },
        emit: 'changes',
        changeKey: (remote) => remote.status,
      }),
      tap((remote) => this.#seen(remote)),
      last(),
    );
  }

  /** Polling is over and the task is not. Past our deadline it still holds its slot, while somebody waits for one. */
  #unfollowed(ref: TaskRef, error: unknown): Observable<GenerateResult<Input>> {
    const { slots } = this.#account;
    if (!(error instanceof DeadlineError)) {
      this.#apply({ type: 'abandoned', refusal: this.#meaningOfPoll(error), error });
      return of(this.#settle());
    }
    this.#apply({ type: 'deadline' });
    const hold = this.#poll(ref, Infinity, (remote) => isOver(remote) || slots.waiting === 0);
    return concat(
      of(this.#overdue(error)),
      defer(() => (slots.waiting === 0 ? EMPTY : hold)).pipe(
        catchError(() => EMPTY),
        ignoreElements(),
      ),
    );
  }

  #meaningOfPoll(error: unknown): Refusal {
    return error instanceof TaskLostError ? { meaning: 'invalid' } : this.#account.api.classify(error);
  }

  #wakes(refusal: Refusal): Observable<unknown> {
    const { slotFreed } = this.#account;
    return refusal.meaning === 'no-slot' ? merge(this.#stopped(), slotFreed) : this.#stopped();
  }

  /** Emits as we are told to stop, at once where we have been. */
  #stopped(): Observable<unknown> {
    const { stop } = this.#account.options;
    if (stop === undefined) return NEVER;
    return stop.aborted ? of(stop) : fromEvent(stop, 'abort');
  }

  #closedBy(): { readonly refusal: Refusal; readonly error: unknown } | undefined {
    const { api, closed } = this.#account;
    if (this.#request === undefined || todo(this.#task) !== 'send') return undefined;
    return closed.get('*') ?? closed.get(api.productOf(this.#request));
  }

  /** One request under the rate; its permit is held until the answer is there. */
  #call<T>(send: (call: CallOptions) => ObservableInput<T>): Observable<T> {
    const { requests } = this.#account;
    return of(undefined).pipe(concurrencyLimit((_, __, { signal }) => send({ signal }), { limiter: requests }));
  }

  #seen(remote: RemoteTask): void {
    const before = this.#task.phase;
    this.#apply({ type: 'seen', remote });
    this.#taskId = remote.ref.id;
    this.#submittedAtMs ??= this.#wallMs();
    if (before === 'submitting' || before === 'unknown') this.#report({ type: 'submitted', remote });
    else if (remote.status === 'running') this.#report({ type: 'processing', remote });
  }

  #apply(event: TaskEvent): void {
    this.#task = after(this.#task, event);
  }

  #settle(): GenerateResult<Input> {
    const task = this.#task;
    if (task.phase !== 'ended') throw new Error(`a task that is ${task.phase} has no result`);
    if ('error' in task) return this.#result([], { meaning: task.refusal.meaning, ...told(task.error) });
    if (task.remote.status === 'succeeded') return this.#result(task.remote.outputs);
    const message = task.remote.message ?? 'the task failed';
    return this.#result([], { meaning: 'failed', code: 'SLUICE_TASK_FAILED', message });
  }

  #overdue(error: DeadlineError): GenerateResult<Input> {
    return this.#result([], { meaning: 'overdue', ...told(error) });
  }

  #result(outputs: RemoteTask['outputs'], error?: GenerateResult<Input>['error']): GenerateResult<Input> {
    const taskId = this.#taskId;
    const result: GenerateResult<Input> = {
      index: this.#index,
      id: this.#id,
      prompt: this.#input,
      status: error === undefined ? 'succeeded' : 'failed',
      ...(taskId !== undefined && { taskId }),
      outputs,
      attempts: this.#task.sends,
      ...(this.#submittedAtMs !== undefined && { submittedAtMs: this.#submittedAtMs }),
      endedAtMs: this.#wallMs(),
      ...(error !== undefined && { error }),
    };
    this.#report({ type: 'ended', result });
    return result;
  }

  /** The end is the last that is told: an overdue task's polls go on in silence. */
  #report(report: Report): void {
    if (this.#hasEnded) return;
    this.#hasEnded = report.type === 'ended';
    this.#account.events.next({ ...report, index: this.#index, id: this.#id, atMs: this.#wallMs() });
  }

  #wallMs(): number {
    return Math.round(this.#account.clock.epochNow());
  }
}

function isOver(remote: RemoteTask): boolean {
  return remote.status !== 'running';
}

function told(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  return { code: 'code' in error ? String(error.code) : error.name, message: error.message };
}
