import { defer, EMPTY, of, Subject, type Observable } from 'rxjs';
import type { JournaledTask } from '../../src/journal/journal.js';
import type { Account } from './account.js';
import { Desk, type Named } from './desk.js';
import type { GenerateResult } from './generateEvents.js';
import type { TaskRun } from './taskRun.js';

/** What becomes of a prompt as it comes in: work that is to be done, a result that is there, or work that is under way. */
export type Taken<Input, Run> =
  { readonly run: Run } | { readonly result: GenerateResult<Input> } | { readonly isUnderWay: true };

/**
 * Takes prompts in, and knows those again that an earlier run on the same journal has seen. What that run left at the
 * server comes first (`adopted`), before any prompt.
 */
export class Intake<Input, Request> {
  /** Those of the adopted that the server turned out not to have: they wait for a slot like any other. */
  readonly unsent$ = new Subject<TaskRun<Input, Request>>();
  readonly #account: Account<Request>;
  readonly #desk: Desk<Input, Request>;
  /** What earlier runs have left, by the key of the prompt. */
  readonly #known = new Map<string, JournaledTask>();
  readonly #adopted = new Map<string, TaskRun<Input, Request>>();
  /** Those of the adopted whose prompt has come: it is still wanted. */
  readonly #wanted = new Set<string>();
  /** How many adopted ones are still to be found out about. */
  #adopting = 0;

  constructor(account: Account<Request>) {
    this.#account = account;
    this.#desk = new Desk(account);
    for (const task of account.history?.tasks ?? []) this.#known.set(task.key, task);
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

  /**
   * To follow the result of each run: one that was adopted is done with, or known not to exist. Where it can never be
   * sent, that is its result.
   */
  settled(run: TaskRun<Input, Request>): Observable<GenerateResult<Input>> {
    return defer(() => {
      if (!run.record.isAdopted) return EMPTY;
      const refused = run.isToBeSent ? this.#sendIfWanted(run) : undefined;
      if (--this.#adopting === 0) this.unsent$.complete();
      return refused === undefined ? EMPTY : of(refused);
    });
  }

  take(input: Input, index: number): Taken<Input, TaskRun<Input, Request>> {
    const named = this.#desk.read(input, index, (key) => this.#known.get(key));
    if ('refused' in named) return { result: named.refused };
    const known = this.#known.get(named.identity.key);
    return known === undefined ? this.#start(named, 0) : this.#resume(known, named);
  }

  #resume(known: JournaledTask, named: Named<Input, Request>): Taken<Input, TaskRun<Input, Request>> {
    const { outcome, round, key } = known;
    const adopted = this.#adopted.get(key);
    if (adopted !== undefined) {
      adopted.record.index = named.index;
      this.#wanted.add(key);
      return { isUnderWay: true };
    }
    if (outcome === undefined) return this.#start(named, round);
    if (outcome.status === 'failed' && this.#account.options.retryFailed) return this.#start(named, round + 1);
    return { result: this.#desk.again(known.id, outcome, named.input, named.index) };
  }

  #start(named: Named<Input, Request>, round: number): Taken<Input, TaskRun<Input, Request>> {
    try {
      return { run: this.#desk.start(named, round) };
    } catch (error) {
      const { input, index, identity } = named;
      return { result: this.#desk.refused(input, index, identity.idOf(round), error) };
    }
  }

  #adopt(task: JournaledTask): TaskRun<Input, Request> {
    const { options, credits } = this.#account;
    const owner = options.key?.(task.prompt);
    const run = this.#desk.adopt(task, credits.adopted(task.credits, owner, task.intendedAtMs));
    run.record.tellAdopted();
    return run;
  }

  /** Now, or when its prompt comes, if it does; its result where no slot, or no day, could ever hold it. */
  #sendIfWanted({ record }: TaskRun<Input, Request>): GenerateResult<Input> | undefined {
    const { id, index, identity } = record;
    this.#adopted.delete(identity.key);
    if (!this.#wanted.has(identity.key)) return undefined;
    try {
      this.unsent$.next(this.#desk.startAgain(record));
    } catch (error) {
      return this.#desk.refused(identity.input, index, id, error);
    }
    return undefined;
  }
}
