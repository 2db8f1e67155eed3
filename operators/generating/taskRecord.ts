import type { Claim, JournaledOutcome } from '../../src/journal/journal.js';
import type { Cost } from '../../src/limiter/cost.js';
import { durationOf } from '../../src/tasks/durationOf.js';
import { after, newTask, todo, type Task, type TaskEvent } from '../../src/tasks/task.js';
import type { RemoteTask, TaskOutput } from '../../src/tasks/taskApi.js';
import type { Account } from './account.js';
import { isAmount, type Reservation } from './credits.js';
import type { GenerateError, GenerateResult, Report } from './generateEvents.js';

/** Which task of which prompt it is. */
export interface TaskIdentity<Input> {
  readonly id: string;
  /** What a journal knows the prompt by, and the number of this task among those of the prompt. */
  readonly key: string;
  readonly round: number;
  readonly input: Input;
  /** How many slots it takes. */
  readonly tasks: number;
  /** What it is expected to cost, in credits. */
  readonly credits: number;
  /** Whose it is. */
  readonly owner: unknown;
  /** What exists comes before what may, that before what an earlier run meant to send, and all before the rest. */
  readonly priority: 0 | 1 | 2 | 3;
}

/** A prompt's claim, where several workers share a journal and it is ours. */
export type OurClaim = Extract<Claim, { readonly isOurs: true }>;

/** What an earlier run, or another worker, knew of the task. */
export interface Past {
  readonly task: Task;
  /** When it was written down as about to be sent: wall time. */
  readonly intendedAtMs: number;
  /** When the server was first known to have it: wall time, and the same on the monotonic clock. */
  readonly submittedAtMs?: number | undefined;
  readonly sinceMs?: number | undefined;
  /** Undefined: it is counted elsewhere until it is ours. */
  readonly reservation?: Reservation | undefined;
  /** By when a request that was sent has arrived, on the monotonic clock. */
  readonly arrivesAtMs: number;
}

/** What is known of one prompt's task: its state, what of it was told, what is written down, what it costs. */
export class TaskRecord<Input> {
  readonly id: string;
  /** True: an earlier run sent it. */
  readonly isAdopted: boolean;
  /** By when what an earlier run has sent must have arrived, on the monotonic clock. */
  readonly arrivesAtMs: number;
  /** What it costs in the slot limiter. */
  readonly cost: Cost;
  /** Its place in the source, which may be another than in an earlier run. */
  index: number;
  readonly identity: TaskIdentity<Input>;
  readonly #account: Account<unknown>;
  readonly #past: Past | undefined;
  #claim: OurClaim | undefined;
  #task: Task;
  #submittedAtMs: number | undefined;
  #sinceMs: number | undefined;
  /** The server's id, once it is known: whoever is told of a failure can look for what is paid for. */
  #taskId: string | undefined;
  #admittedAtMs = NaN;
  #reservation: Reservation | undefined;
  /** What it has cost. */
  #paid = 0;
  /** True while the journal's last word is that it was about to be sent. */
  #isIntended: boolean;
  #hasEnded = false;

  constructor(account: Account<unknown>, identity: TaskIdentity<Input>, index: number, past?: Past) {
    this.id = identity.id;
    // The credits of one that an earlier run sent have been counted already.
    this.cost = account.credits.costOf(identity.tasks, past === undefined ? identity.credits : 0);
    this.index = index;
    this.isAdopted = past !== undefined;
    this.arrivesAtMs = past?.arrivesAtMs ?? -Infinity;
    this.#account = account;
    this.identity = identity;
    this.#past = past;
    this.#task = past?.task ?? newTask;
    this.#submittedAtMs = past?.submittedAtMs;
    this.#sinceMs = past?.sinceMs;
    this.#reservation = past?.reservation;
    this.#isIntended = past?.task.phase === 'unknown';
    if ('remote' in this.#task) this.#taskId = this.#task.remote.ref.id;
  }

  get task(): Task {
    return this.#task;
  }

  apply(event: TaskEvent): void {
    this.#task = after(this.#task, event);
  }

  /** When its slot was given, on the monotonic clock. */
  get admittedAtMs(): number {
    return this.#admittedAtMs;
  }

  /** Since when the server is known to have it, on the monotonic clock. */
  get sinceMs(): number {
    return this.#sinceMs ?? this.#account.clock.now();
  }

  /** Among several workers it is ours: from here on it is written about, and counted, here. */
  claimed(claim: OurClaim): void {
    const { key, credits, owner } = this.identity;
    this.#claim = claim;
    if (this.#past === undefined) return;
    this.#account.credits.takenOver(key);
    this.#reservation ??= this.#account.credits.adopted(credits, owner, this.#past.intendedAtMs);
  }

  /** Tells that it was taken over. */
  tellAdopted(): void {
    const { submittedAtMs, intendedAtMs = NaN } = this.#past ?? {};
    const sinceAtMs = submittedAtMs ?? intendedAtMs;
    this.report({ type: 'adopted', sinceAtMs, ...(this.#taskId !== undefined && { taskId: this.#taskId }) });
  }

  /** It is another worker's from here on, and nothing of it is counted here; what was never written down costs nothing. */
  dropped(): void {
    if (todo(this.#task) === 'journal') {
      this.#pay(0);
      return;
    }
    if (this.#reservation !== undefined) this.#account.credits.handOver(this.#reservation);
    this.#reservation = undefined;
  }

  /** We go on with it no further: where there is no such task, and no later run takes it for one, it costs nothing. */
  left(): void {
    const mayCost = this.#isIntended || 'remote' in this.#task || todo(this.#task) === 'look-up';
    if (this.#reservation !== undefined && !mayCost) this.#pay(0);
  }

  /** Nobody looks for its end any more: what is set aside for it is not waited for. */
  givenUp(): void {
    if (this.#reservation !== undefined) this.#account.credits.giveUp(this.#reservation);
  }

  /** True while credits are set aside for it. */
  get hasReservation(): boolean {
    return this.#reservation !== undefined;
  }

  /** Undefined where nobody else can have it; asks where another worker might by now. @throws (rejects with) ClaimLostError */
  confirm(): Promise<void> | undefined {
    return this.#claim?.confirm().catch((error: unknown) => {
      this.#account.journalFailed(error);
      throw error;
    });
  }

  /** A slot has been given, and the credits of the day with it. */
  admitted(): void {
    const { credits, owner } = this.identity;
    this.#admittedAtMs = this.#account.clock.now();
    this.#reservation ??= this.#account.credits.taken(credits, owner);
  }

  /** Sets aside what the task may cost in the budget of the run. False: that cannot pay it. */
  reserve(): boolean {
    return this.#reservation === undefined || this.#account.credits.reserve(this.#reservation);
  }

  /** Writes the intent down; undefined where there is no journal, and so nothing to wait for. */
  intend(): Promise<void> | undefined {
    const { key, round, input, credits } = this.identity;
    const intended = (): void => this.apply({ type: 'written' });
    if (!this.#account.hasJournal) {
      intended();
      return undefined;
    }
    this.#isIntended = true;
    const { id, index } = this;
    const entry = { type: 'intent', id, key, round, index, prompt: input, credits, atMs: this.#wallMs() } as const;
    return this.#account.write(entry).then(intended);
  }

  /** The server has it, and has said how it is. */
  seen(remote: RemoteTask): void {
    const before = this.#task.phase;
    const isNews = this.#taskId !== remote.ref.id;
    this.apply({ type: 'seen', remote });
    this.#taskId = remote.ref.id;
    this.#submittedAtMs ??= this.#wallMs();
    this.#sinceMs ??= this.#account.clock.now();
    if (isNews) this.#account.note({ type: 'accepted', id: this.id, ref: remote.ref, atMs: this.#wallMs() });
    this.#isIntended = false;
    if (before === 'submitting' || before === 'unknown') this.report({ type: 'submitted', remote });
    else if (remote.status === 'running') this.report({ type: 'processing', remote });
  }

  /** The result of a task that has ended. */
  settle(): GenerateResult<Input> {
    const task = this.#task;
    if (task.phase !== 'ended') throw new Error(`a task that is ${task.phase} has no result`);
    if ('error' in task) return this.failed(task.refusal.meaning, task.error, isForGood(task.refusal.meaning));
    const { status, outputs, message: why, credits = NaN } = task.remote;
    const isPaid = status === 'succeeded';
    this.#pay(isAmount(credits) ? credits : isPaid ? this.identity.credits : 0);
    if (isPaid) return this.#result(true, outputs);
    return this.#result(true, [], { meaning: 'failed', code: 'SLUICE_TASK_FAILED', message: why ?? 'the task failed' });
  }

  /** The result of one that has not ended, or not well, as `error` says. */
  failed(meaning: GenerateError['meaning'], error: unknown, isFinal: boolean): GenerateResult<Input> {
    const mayCost = todo(this.#task) === 'look-up' || todo(this.#task) === 'poll';
    if (!mayCost || isFinal) this.#pay(0);
    return this.#result(isFinal, [], { meaning, ...told(error) });
  }

  /** There is no such task, and for now none will be made. */
  unsent(): void {
    this.#pay(0);
    if (this.#isIntended) this.#account.note({ type: 'unsent', id: this.id, atMs: this.#wallMs() });
    this.#isIntended = false;
  }

  /** Writes a result down that will not change any more. Rejects where it cannot be written; that is known already. */
  conclude(result: GenerateResult<Input>): Promise<void> {
    const { status, taskId, outputs, attempts, submittedAtMs, endedAtMs, error, credits } = result;
    const outcome: JournaledOutcome = { status, taskId, outputs, attempts, submittedAtMs, endedAtMs, error, credits };
    return this.#account.write({ type: 'ended', id: this.id, outcome, atMs: this.#wallMs() });
  }

  /** The end is the last that is told: an overdue task's polls go on in silence, to its real end. */
  report(report: Report): void {
    if (this.#hasEnded && report.type !== 'ended') return;
    this.#hasEnded = report.type === 'ended';
    this.#account.events.next({ ...report, index: this.index, id: this.id, atMs: this.#wallMs() });
  }

  #pay(credits: number): void {
    this.#paid = credits;
    if (this.#reservation !== undefined) this.#account.credits.settle(this.#reservation, credits);
    this.#reservation = undefined;
  }

  #result(isFinal: boolean, outputs: readonly TaskOutput[], error?: GenerateError): GenerateResult<Input> {
    const result: GenerateResult<Input> = {
      index: this.index,
      id: this.id,
      prompt: this.identity.input,
      status: error === undefined ? 'succeeded' : 'failed',
      isFinal,
      ...(this.#taskId !== undefined && { taskId: this.#taskId }),
      outputs,
      attempts: this.#task.sends,
      credits: this.#reservation?.credits ?? this.#paid,
      ...(this.#submittedAtMs !== undefined && { submittedAtMs: this.#submittedAtMs }),
      endedAtMs: this.#wallMs(),
      ...(error !== undefined && { error }),
    };
    const durationMs =
      this.#task.phase === 'ended' && 'remote' in this.#task ? durationOf(this.#task.remote) : undefined;
    this.report({ type: 'ended', result, ...(durationMs !== undefined && { durationMs }) });
    return result;
  }

  #wallMs(): number {
    return Math.round(this.#account.clock.epochNow());
  }
}

/** A prompt that is refused for what it is will be refused again; the rest is a matter of the account or of the hour. */
function isForGood(meaning: GenerateError['meaning']): boolean {
  return meaning === 'invalid' || meaning === 'policy';
}

function told(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  return { code: 'code' in error ? String(error.code) : error.name, message: error.message };
}
