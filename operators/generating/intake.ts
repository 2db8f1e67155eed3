import { defer, EMPTY, Subject, type Observable } from 'rxjs';
import { CostOverCapacityError, OptionsError } from '../../src/errors.js';
import type { JournaledTask } from '../../src/journal/journal.js';
import {
  canonicalJson,
  checkExternalId,
  Identities,
  type GivenIdentity,
  type Identity,
} from '../../src/tasks/identity.js';
import type { Task } from '../../src/tasks/task.js';
import type { Account } from './account.js';
import type { GenerateError, GenerateResult } from './generateEvents.js';
import { TaskRecord, type Past, type TaskIdentity } from './taskRecord.js';
import { TaskRun } from './taskRun.js';

/** How long a request may be on its way, and the server at it, after its sender was killed: Kling takes up to 0.7 s. */
const longestWayMs = 2_000;

/** What becomes of a prompt as it comes in: work that is to be done, a result that is there, or work that is under way. */
export type Taken<Input, Request> =
  | { readonly run: TaskRun<Input, Request> }
  | { readonly result: GenerateResult<Input> }
  | { readonly isUnderWay: true };

/**
 * Takes prompts in: checks them, names them, and knows those again that an earlier run on the same journal has seen.
 * What that run left at the server comes first (`adopted`), before any prompt.
 */
export class Intake<Input, Request> {
  /** Those of the adopted that the server turned out not to have: they wait for a slot like any other. */
  readonly unsent$ = new Subject<TaskRun<Input, Request>>();
  readonly #account: Account<Request>;
  readonly #identities: Identities | undefined;
  /** What earlier runs have left, by the key of the prompt. */
  readonly #known = new Map<string, JournaledTask>();
  readonly #adopted = new Map<string, TaskRun<Input, Request>>();
  /** Those of the adopted whose prompt has come: it is still wanted. */
  readonly #wanted = new Set<string>();
  /** How many adopted ones are still to be found out about. */
  #adopting = 0;
  /** The ids that were chosen for us; random ones need no check, and a long stream no memory for them. */
  readonly #ids = new Set<string>();

  constructor(account: Account<Request>) {
    this.#account = account;
    const { history, options } = account;
    if (history === undefined || options.journal === undefined) return;
    const { journal } = options;
    this.#identities = new Identities(history.runId, (text) => journal.digest(text));
    for (const task of history.tasks) this.#known.set(task.key, task);
  }

  /** What runs, or may run, at the server from an earlier run: each holds its slot before anything new is sent. */
  adopted(): readonly TaskRun<Input, Request>[] {
    const { history, credits, options } = this.#account;
    if (history !== undefined) credits.restore(history, (prompt) => options.key?.(prompt));
    for (const task of history?.tasks ?? []) {
      if (task.phase === 'unknown' || task.phase === 'running') this.#adopted.set(task.key, this.#adopt(task));
    }
    this.#adopting = this.#adopted.size;
    if (this.#adopting === 0) this.unsent$.complete();
    return [...this.#adopted.values()];
  }

  /** To follow the result of each run: one that was adopted is done with, or known not to exist. */
  settled(run: TaskRun<Input, Request>): Observable<never> {
    return defer(() => {
      if (!run.record.isAdopted) return EMPTY;
      if (run.isToBeSent) this.#sendIfWanted(run.record);
      if (--this.#adopting === 0) this.unsent$.complete();
      return EMPTY;
    });
  }

  take(input: Input, index: number): Taken<Input, Request> {
    const { api, options } = this.#account;
    const given = { promptId: options.promptId?.(input, index), externalId: options.externalId?.(input, index) };
    let request: Request | undefined;
    let identity: Identity | undefined;
    try {
      request = api.parse(input);
      identity = this.#identify(request, given);
    } catch (error) {
      return { result: this.#refused(input, index, identity?.idOf(0) ?? idFor(given), error) };
    }
    const known = this.#known.get(identity.key);
    if (known === undefined) return this.#start(input, index, request, identity, 0);
    try {
      this.#checkSame(known, identity);
    } catch (error) {
      return { result: this.#refused(input, index, known.id, error) };
    }
    return this.#resume(known, input, index, request, identity);
  }

  #resume(
    known: JournaledTask,
    input: Input,
    index: number,
    request: Request,
    identity: Identity,
  ): Taken<Input, Request> {
    const { outcome, round } = known;
    const adopted = this.#adopted.get(identity.key);
    if (adopted !== undefined) {
      adopted.record.index = index;
      this.#wanted.add(identity.key);
      return { isUnderWay: true };
    }
    if (outcome === undefined) return this.#start(input, index, request, identity, round);
    if (outcome.status === 'failed' && this.#account.options.retryFailed) {
      return this.#start(input, index, request, identity, round + 1);
    }
    return { result: this.#again(known, input, index) };
  }

  /** The result that an earlier run had. */
  #again({ id, outcome }: JournaledTask, input: Input, index: number): GenerateResult<Input> {
    if (outcome === undefined) throw new Error(`the task ${id} has no outcome`);
    const { error, taskId, submittedAtMs, status, outputs, attempts, credits, endedAtMs } = outcome;
    const result: GenerateResult<Input> = {
      ...{ index, id, prompt: input, status, isFinal: true, isEarlier: true, outputs, attempts, credits },
      ...(taskId !== undefined && { taskId }),
      ...(submittedAtMs !== undefined && { submittedAtMs }),
      endedAtMs,
      ...(error !== undefined && { error: { ...error, meaning: error.meaning as GenerateError['meaning'] } }),
    };
    this.#account.events.next({ type: 'ended', result, index, id, atMs: endedAtMs });
    return result;
  }

  #start(input: Input, index: number, request: Request, { key, idOf }: Identity, round: number): Taken<Input, Request> {
    const { api, options, slots } = this.#account;
    const identity = {
      ...{ id: idOf(round), key, round, input, owner: options.key?.(input), priority: 0 as const },
      ...{ tasks: api.weigh(request), credits: api.estimateCredits(request) },
    };
    const record = new TaskRecord(this.#account, identity, index);
    try {
      slots.check(record.cost);
    } catch (error) {
      return { result: this.#refused(input, index, identity.id, error) };
    }
    record.report({ type: 'queued' });
    return { run: new TaskRun(this.#account, record, request) };
  }

  /** What can never be sent is told at once, and waits for nobody. */
  #refused(input: Input, index: number, id: string, error: unknown): GenerateResult<Input> {
    const identity = { id, key: '', round: 0, input, tasks: 0, credits: 0, owner: undefined, priority: 0 } as const;
    const record = new TaskRecord(this.#account, identity, index);
    record.report({ type: 'queued' });
    record.apply({ type: 'abandoned', refusal: { meaning: 'invalid' }, error });
    return record.settle();
  }

  #adopt(task: JournaledTask): TaskRun<Input, Request> {
    const { api, options, clock, credits } = this.#account;
    const input = task.prompt as Input;
    const owner = options.key?.(input);
    const request = this.#readAgain(input);
    const identity: TaskIdentity<Input> = {
      ...{ id: task.id, key: task.key, round: task.round, input, credits: task.credits, owner },
      tasks: request === undefined ? 1 : this.#atMostAll(api.weigh(request)),
      priority: task.phase === 'running' ? 3 : 2,
    };
    const sinceAtMs = task.acceptedAtMs ?? task.intendedAtMs;
    const sinceMs = clock.now() - Math.max(0, clock.epochNow() - sinceAtMs);
    const past: Past = {
      task: stateOf(task),
      submittedAtMs: task.acceptedAtMs,
      sinceMs: task.ref && sinceMs,
      arrivesAtMs: clock.now() + longestWayMs,
      reservation: credits.adopted(task.credits, owner, task.intendedAtMs),
    };
    const record = new TaskRecord(this.#account, identity, task.index, past);
    record.report({ type: 'adopted', sinceAtMs, ...(task.ref && { taskId: task.ref.id }) });
    return new TaskRun(this.#account, record, request);
  }

  /** The same task, under the same id, from the beginning: now, or when its prompt comes, if it does. */
  #sendIfWanted({ identity, index }: TaskRecord<Input>): void {
    this.#adopted.delete(identity.key);
    if (!this.#wanted.has(identity.key)) return;
    const record = new TaskRecord(this.#account, { ...identity, priority: 1 }, index);
    const run = new TaskRun<Input, Request>(this.#account, record, this.#readAgain(identity.input));
    this.#adopted.set(identity.key, run);
    record.report({ type: 'queued' });
    this.unsent$.next(run);
  }

  #readAgain(input: Input): Request | undefined {
    try {
      return this.#account.api.parse(input);
    } catch {
      return undefined;
    }
  }

  /** An account may have fewer slots than when it was sent. */
  #atMostAll(tasks: number): number {
    try {
      this.#account.slots.check({ tasks, credits: 0, 'credits per key': 0 });
      return tasks;
    } catch (error) {
      if (error instanceof CostOverCapacityError) return error.capacity;
      throw error;
    }
  }

  #identify(request: Request, given: GivenIdentity): Identity {
    if (this.#identities !== undefined) return this.#identities.identify(request, given);
    const id = idFor(given);
    if (given.externalId !== undefined) {
      checkExternalId(id);
      if (this.#ids.has(id)) {
        throw new OptionsError(`externalId: "${id}" stands for another prompt already`, 'externalId');
      }
      this.#ids.add(id);
    }
    return { key: id, content: '', idOf: () => id };
  }

  /** An id that now stands for something else would have the new prompt taken for made. */
  #checkSame({ key, prompt }: JournaledTask, { content }: Identity): void {
    if (!key.startsWith('id:')) return;
    const request = this.#readAgain(prompt as Input);
    if (request === undefined || this.#account.options.journal?.digest(canonicalJson(request)) === content) return;
    const id = key.slice('id:'.length);
    throw new OptionsError(
      `id: "${id}" stood for another prompt in an earlier run: give this one an id of its own`,
      'id',
    );
  }
}

function stateOf({ phase, ref }: JournaledTask): Task {
  if (phase === 'running' && ref !== undefined) {
    return { phase: 'running', sends: 1, remote: { ref, status: 'running', outputs: [] } };
  }
  return { phase: 'unknown', sends: 1 };
}

/** An id where there is no journal: as it was given, or unique for ever. */
function idFor({ externalId, promptId }: GivenIdentity): string {
  if (externalId !== undefined) return externalId;
  const unique = crypto.randomUUID();
  return promptId === undefined ? `sluice-${unique}` : `${promptId}-${unique.slice(0, 13)}`;
}
