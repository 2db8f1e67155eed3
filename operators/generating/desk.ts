import { CostOverCapacityError, OptionsError } from '../../src/errors.js';
import type { JournaledOutcome, JournaledTask } from '../../src/journal/journal.js';
import {
  canonicalJson,
  checkExternalId,
  checkPromptId,
  Identities,
  type GivenIdentity,
  type Identity,
} from '../../src/tasks/identity.js';
import type { Task } from '../../src/tasks/task.js';
import { uniqueId } from '../../src/uniqueId.js';
import type { Account } from './account.js';
import { isAmount, type Reservation } from './credits.js';
import type { GenerateError, GenerateResult } from './generateEvents.js';
import { TaskRecord, type Past, type TaskIdentity } from './taskRecord.js';
import { TaskRun } from './taskRun.js';

/** How long a request may be on its way, and the server at it, after its sender was killed: Kling takes up to 0.7 s. */
const longestWayMs = 2_000;

/** A prompt that was checked and named. */
export interface Named<Input, Request> {
  readonly input: Input;
  readonly index: number;
  readonly request: Request;
  readonly identity: Identity;
}

/**
 * Checks prompts, names them, and makes of each what it is to be: the run of a task, of a new one or of one that was sent
 * before; or a result, where there is one already, or never can be.
 */
export class Desk<Input, Request> {
  readonly #account: Account<Request>;
  readonly #identities: Identities | undefined;
  /** The ids that were chosen for us; random ones need no check, and a long stream no memory for them. */
  readonly #ids = new Set<string>();

  constructor(account: Account<Request>) {
    this.#account = account;
    const { history, options } = account;
    if (history === undefined || options.journal === undefined) return;
    const { journal } = options;
    this.#identities = new Identities(history.runId, (text) => journal.digest(text));
  }

  /**
   * A prompt as it comes in; the result of one that cannot be made.
   *
   * @param knownOf what a journal knows of the prompt of that key
   */
  read(
    input: Input,
    index: number,
    knownOf: (key: string) => JournaledTask | undefined,
  ): Named<Input, Request> | { readonly refused: GenerateResult<Input> } {
    const { api, options } = this.#account;
    const given = { promptId: options.promptId?.(input, index), externalId: options.externalId?.(input, index) };
    let id: string | undefined;
    try {
      const request = api.parse(input);
      if (this.#account.hasJournal) checkHeld(input);
      const identity = this.#identify(request, given);
      const known = knownOf(identity.key);
      id = known?.id;
      if (known !== undefined) this.#checkSame(known, identity);
      return { input, index, request, identity };
    } catch (error) {
      return { refused: this.refused(input, index, id ?? idFor(given), error) };
    }
  }

  /**
   * The run of a new task, told of as queued; of one that is ours already, before those that are not.
   *
   * @throws CostOverCapacityError; OptionsError for an estimate that is none
   */
  start(
    { input, index, request, identity: { key, idOf } }: Named<Input, Request>,
    round: number,
    priority: 0 | 1 = 0,
  ): TaskRun<Input, Request> {
    const { api, options, slots } = this.#account;
    const owner = options.key?.(input);
    const tasks = api.weigh(request);
    const credits = api.estimateCredits(request);
    const identity = { id: idOf(round), key, round, input, tasks, credits, owner, priority };
    const record = new TaskRecord(this.#account, identity, index);
    checkCredits(credits);
    slots.check(record.cost);
    record.report({ type: 'queued' });
    return new TaskRun(this.#account, record, request);
  }

  /** The run of a task that was sent before, or may have been. */
  adopt(task: JournaledTask, reservation?: Reservation): TaskRun<Input, Request> {
    const { api, options, clock } = this.#account;
    const input = task.prompt as Input;
    const request = this.#readAgain(input);
    const identity: TaskIdentity<Input> = {
      id: task.id,
      key: task.key,
      round: task.round,
      input,
      credits: task.credits,
      owner: options.key?.(input),
      tasks: request === undefined ? 1 : this.#atMostAll(api.weigh(request)),
      priority: task.phase === 'running' ? 3 : 2,
    };
    const sinceAtMs = task.acceptedAtMs ?? task.intendedAtMs;
    const sinceMs = clock.now() - Math.max(0, clock.epochNow() - sinceAtMs);
    const past: Past = {
      task: stateOf(task),
      intendedAtMs: task.intendedAtMs,
      submittedAtMs: task.acceptedAtMs,
      sinceMs: task.ref && sinceMs,
      arrivesAtMs: clock.now() + longestWayMs,
      reservation,
    };
    const record = new TaskRecord(this.#account, identity, task.index, past);
    return new TaskRun(this.#account, record, request);
  }

  /** The same task as the record's, under the same id, from the beginning. @throws CostOverCapacityError */
  startAgain({ identity, index }: TaskRecord<Input>): TaskRun<Input, Request> {
    const record = new TaskRecord(this.#account, { ...identity, priority: 1 }, index);
    this.#account.slots.check(record.cost);
    const run = new TaskRun<Input, Request>(this.#account, record, this.#readAgain(identity.input));
    record.report({ type: 'queued' });
    return run;
  }

  /** The result that was had before, or by another worker. */
  again(id: string, outcome: JournaledOutcome, input: Input, index: number): GenerateResult<Input> {
    const { error, taskId, submittedAtMs, status, outputs, attempts, credits, endedAtMs } = outcome;
    const result: GenerateResult<Input> = {
      index,
      id,
      prompt: input,
      status,
      isFinal: true,
      isEarlier: true,
      outputs,
      attempts,
      credits,
      ...(taskId !== undefined && { taskId }),
      ...(submittedAtMs !== undefined && { submittedAtMs }),
      endedAtMs,
      ...(error !== undefined && { error: { ...error, meaning: error.meaning as GenerateError['meaning'] } }),
    };
    this.#account.events.next({ type: 'ended', result, index, id, atMs: endedAtMs });
    return result;
  }

  /** What can never be sent is told at once, and waits for nobody. */
  refused(input: Input, index: number, id: string, error: unknown): GenerateResult<Input> {
    const identity = { id, key: '', round: 0, input, tasks: 0, credits: 0, owner: undefined, priority: 0 } as const;
    const record = new TaskRecord(this.#account, identity, index);
    record.report({ type: 'queued' });
    record.apply({ type: 'abandoned', refusal: { meaning: 'invalid' }, error });
    return record.settle();
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
    if (given.promptId !== undefined) checkPromptId(given.promptId);
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

/** A journal ends over what JSON refuses to hold, and all the other prompts with it. @throws OptionsError */
function checkHeld(input: unknown): void {
  if (typeof input === 'string') return;
  try {
    JSON.stringify(input);
  } catch (error) {
    const message = `the prompt cannot be written to the journal (${String(error)}): leave out what JSON does not have`;
    throw new OptionsError(message, '', { cause: error });
  }
}

/** What is no amount passes any budget, has others pass it, too, and ends a journal, which cannot hold it. @throws OptionsError */
function checkCredits(credits: number): void {
  if (isAmount(credits)) return;
  const wrong = `must be a finite number of at least 0 (got ${credits}): see to what says so (creditsFor, for one)`;
  throw new OptionsError(`the credits that a prompt is estimated to cost: ${wrong}`, 'credits');
}

/** An id where there is no journal: as it was given, or unique for ever. */
function idFor({ externalId, promptId }: GivenIdentity): string {
  if (externalId !== undefined) return externalId;
  const unique = uniqueId();
  return promptId === undefined ? `sluice-${unique}` : `${promptId}-${unique.slice(0, 12)}`;
}
