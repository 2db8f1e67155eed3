import {
  catchError,
  concat,
  defer,
  EMPTY,
  filter,
  finalize,
  fromEvent,
  ignoreElements,
  map,
  merge,
  NEVER,
  of,
  takeUntil,
  tap,
  type Observable,
  type ObservableInput,
} from 'rxjs';
import { DeadlineError, LookUpFailedError, OptionsError, TaskLostError } from '../../src/errors.js';
import type { Cost } from '../../src/limiter/waiter.js';
import type { Refusal } from '../../src/refusal.js';
import { todo } from '../../src/tasks/task.js';
import type { CallOptions } from '../../src/tasks/taskApi.js';
import type { Account } from './account.js';
import { concurrencyLimit } from '../concurrencyLimit.js';
import { followTask, holdSlot, meaningOf } from './followTask.js';
import type { GenerateResult } from './generateEvents.js';
import { retryWithJitter } from '../retryWithJitter.js';
import { TaskRecord } from './taskRecord.js';

/** Carries out what the state of one task asks for, until there is a result. Runs once a slot is its own. */
export class TaskRun<Input, Request> {
  readonly cost: Cost;
  readonly #account: Account<Request>;
  readonly #record: TaskRecord<Input>;
  readonly #request: Request | undefined;
  /** We look no further for its end, and it may not have come. */
  #mayRunOn = false;

  constructor(account: Account<Request>, input: Input, index: number) {
    const { api, options, slots, clock, events, ids } = account;
    const id = options.externalId?.(input, index) ?? `sluice-${crypto.randomUUID()}`;
    this.#account = account;
    this.#record = new TaskRecord(id, input, index, clock, events);
    try {
      if (ids !== undefined) checkId(id, ids);
      this.#request = api.parse(input);
      this.cost = { tasks: api.weigh(this.#request), credits: api.estimateCredits(this.#request) };
      slots.check(this.cost);
    } catch (error) {
      this.cost = 0;
      this.#record.apply({ type: 'abandoned', refusal: { meaning: 'invalid' }, error });
    }
    this.#record.report({ type: 'queued' });
  }

  /** The one result, or none where nothing was sent before everything stopped. Never errors. */
  result(): Observable<GenerateResult<Input>> {
    return concat(this.#create(), this.#follow(), this.#hold()).pipe(finalize(() => this.#account.slotFreed.next()));
  }

  /** Completes once the server has the task, or it is known that it never will. */
  #create(): Observable<never> {
    const { options, clock } = this.#account;
    const { maxRetries, baseMs, capMs, jitter, random } = options;
    return defer(() => {
      const closed = this.#closedBy();
      if (closed !== undefined) this.#record.apply({ type: 'abandoned', ...closed });
      return this.#attempt();
    }).pipe(
      retryWithJitter({
        ...{ maxRetries, baseMs, capMs, jitter, random, clock },
        classify: (error) => meaningOf(this.#account.api, error),
        onRetry: ({ refusal, delayMs }) => this.#record.report({ type: 'retrying', refusal, delayMs }),
        wakeOn: (refusal) => this.#wakes(refusal),
      }),
      catchError((error: unknown) => this.#giveUp(error)),
    );
  }

  #attempt(): Observable<never> {
    const send = defer(() => (todo(this.#record.task) === 'send' ? this.#send() : EMPTY));
    return todo(this.#record.task) === 'look-up' ? concat(this.#lookUp(), send) : send;
  }

  #send(): Observable<never> {
    const { api } = this.#account;
    const request = this.#request;
    if (request === undefined) return EMPTY;
    return this.#call((call) => {
      this.#record.apply({ type: 'sent' });
      this.#record.report({ type: 'submitting' });
      return api.submit(request, this.#record.id, call);
    }).pipe(
      tap((remote) => this.#record.seen(remote)),
      catchError((error: unknown) => {
        const refusal = api.classify(error);
        this.#record.apply({ type: 'refused', refusal });
        this.#record.report({ type: 'refused', refusal, error });
        throw error;
      }),
      ignoreElements(),
      // What still waits for its turn under the rate is not sent any more.
      takeUntil(this.#stopped().pipe(filter(() => this.#record.task.phase === 'queued'))),
    );
  }

  /** Looking costs nothing, and not looking may cost a task: it goes on until there is an answer, or past the deadline. */
  #lookUp(): Observable<never> {
    const { api, options, clock } = this.#account;
    const request = this.#request;
    if (request === undefined) return EMPTY;
    const endsAtMs = clock.now() + options.deadlineMs;
    return this.#call((call) => {
      this.#record.report({ type: 'looking-up' });
      return api.lookUp(request, this.#record.id, call);
    }).pipe(
      retryWithJitter({
        maxRetries: Infinity,
        classify: (error) => (clock.now() < endsAtMs ? api.classify(error) : 'invalid'),
        random: options.random,
        clock,
      }),
      catchError((error: unknown) => {
        throw new LookUpFailedError(this.#record.id, error);
      }),
      tap((remote) => {
        if (remote === undefined) this.#record.apply({ type: 'absent' });
        else this.#record.seen(remote);
      }),
      ignoreElements(),
    );
  }

  /** The tries are over. What may exist is looked for once more; only then is the task given up. */
  #giveUp(error: unknown): Observable<never> {
    const mayLook = todo(this.#record.task) === 'look-up' && !(error instanceof LookUpFailedError);
    const look = mayLook ? this.#lookUp() : EMPTY;
    const abandon = defer(() => {
      const command = todo(this.#record.task);
      if (command === 'send' || command === 'look-up') this.#abandon(error);
      return EMPTY;
    });
    return concat(
      look.pipe(
        catchError((failed: unknown) => {
          this.#abandon(failed);
          return EMPTY;
        }),
      ),
      abandon,
    );
  }

  #abandon(error: unknown): void {
    const { api, closed } = this.#account;
    this.#mayRunOn = todo(this.#record.task) === 'look-up';
    const refusal: Refusal = this.#mayRunOn ? { meaning: 'ambiguous' } : meaningOf(this.#account.api, error);
    if (refusal.meaning === 'account') closed.set('*', { refusal, error });
    if (refusal.meaning === 'exhausted' && this.#request !== undefined) {
      closed.set(api.productOf(this.#request), { refusal, error });
    }
    this.#record.apply({ type: 'abandoned', refusal, error });
  }

  #follow(): Observable<GenerateResult<Input>> {
    return defer(() => {
      const { task } = this.#record;
      if (task.phase === 'ended') return of(this.#record.settle());
      if (task.phase !== 'running') return EMPTY;
      return followTask(this.#account, this.#record, task.remote.ref).pipe(
        map(() => this.#record.settle()),
        catchError((error: unknown) => of(this.#unfollowed(error))),
      );
    });
  }

  /** Polling is over, and for all we know the task is not. */
  #unfollowed(error: unknown): GenerateResult<Input> {
    this.#mayRunOn = !(error instanceof TaskLostError);
    this.#record.apply({ type: 'deadline' });
    const isOverdue = error instanceof DeadlineError;
    return this.#record.failed(isOverdue ? 'overdue' : meaningOf(this.#account.api, error).meaning, error);
  }

  #hold(): Observable<never> {
    const request = this.#request;
    return defer(() => {
      const isHeld = this.#mayRunOn && request !== undefined && this.#account.slots.waiting > 0;
      return isHeld ? holdSlot(this.#account, this.#record, request) : EMPTY;
    });
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
    if (this.#request === undefined || todo(this.#record.task) !== 'send') return undefined;
    return closed.get('*') ?? closed.get(api.productOf(this.#request));
  }

  /** One request under the rate; its permit is held until the answer is there. */
  #call<T>(send: (call: CallOptions) => ObservableInput<T>): Observable<T> {
    const { requests } = this.#account;
    return of(undefined).pipe(concurrencyLimit((_, __, { signal }) => send({ signal }), { limiter: requests }));
  }
}

/** Two tasks of one id would be taken for one. @throws OptionsError */
function checkId(id: string, taken: Set<string>): void {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) {
    throw new OptionsError(`externalId: must be 1 to 64 of A-Z a-z 0-9 _ - (got "${id}")`, 'externalId');
  }
  if (taken.has(id)) throw new OptionsError(`externalId: "${id}" stands for another prompt already`, 'externalId');
  taken.add(id);
}
