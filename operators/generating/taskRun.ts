import { catchError, concat, concatMap, defer, EMPTY, finalize, from, map, of, type Observable } from 'rxjs';
import { DeadlineError, LookUpFailedError, TaskLostError } from '../../src/errors.js';
import { todo } from '../../src/tasks/task.js';
import type { Account } from './account.js';
import { followTask, holdSlot } from './followTask.js';
import type { GenerateResult } from './generateEvents.js';
import { meaningOf } from './meaningOf.js';
import { Submission } from './submission.js';
import type { TaskRecord } from './taskRecord.js';

/** Carries out what the state of one task asks for, until there is a result. Runs once a slot is its own. */
export class TaskRun<Input, Request> {
  readonly record: TaskRecord<Input>;
  readonly #account: Account<Request>;
  readonly #request: Request | undefined;
  readonly #submission: Submission<Request> | undefined;
  /** We look no further for its end, and it may not have come. */
  #mayRunOn = false;

  /** @param request undefined where an earlier run's prompt cannot be read any more: its task can only be followed */
  constructor(account: Account<Request>, record: TaskRecord<Input>, request: Request | undefined) {
    this.record = record;
    this.#account = account;
    this.#request = request;
    if (request !== undefined) this.#submission = new Submission(account, record, request);
  }

  /**
   * The result, or none where nothing was sent before everything stopped. One that is not final is followed by another
   * where the end comes while the slot is held. Never errors.
   */
  result(): Observable<GenerateResult<Input>> {
    return defer(() => {
      this.record.admitted();
      const { isAdopted } = this.record;
      const created = isAdopted ? this.#submission?.found() : this.#submission?.created();
      return concat(created ?? EMPTY, this.#settled(), this.#hold(), this.#over());
    }).pipe(
      finalize(() => {
        this.record.left();
        this.#account.slotFreed.pass();
      }),
    );
  }

  /**
   * True for one that an earlier run was about to send, once it is known that there is no such task: it is then as any
   * other that is to be made, and must wait for a slot behind all that do exist.
   */
  get isToBeSent(): boolean {
    return this.record.isAdopted && todo(this.record.task) === 'send';
  }

  /** True where it has left its slot to another, and waits for one again. */
  get hasMadeWay(): boolean {
    return this.#submission?.hasMadeWay === true;
  }

  #settled(): Observable<GenerateResult<Input>> {
    return defer(() => {
      const { task } = this.record;
      if (task.phase === 'ended') return of(this.record.settle());
      if (todo(task) === 'look-up') return of(this.#doubtful());
      if (!('remote' in task)) return this.#unsent();
      return followTask(this.#account, this.record, task.remote.ref).pipe(
        map(() => this.record.settle()),
        catchError((error: unknown) => of(this.#unfollowed(error))),
      );
    }).pipe(concatMap((result) => this.#concluded(result)));
  }

  /** The result, once it is on disk: whoever gets it can rely on its not coming back. */
  #concluded(result: GenerateResult<Input>): Observable<GenerateResult<Input>> {
    if (!result.isFinal || !this.#account.hasJournal) return of(result);
    const concluded = this.record.conclude(result).then(
      () => result,
      () => result,
    );
    return from(concluded);
  }

  #unsent(): Observable<never> {
    this.record.unsent();
    return EMPTY;
  }

  /** It may exist, and cannot be looked up; where that is for want of the prompt, an earlier run sent it. */
  #doubtful(): GenerateResult<Input> {
    const { error } = this.#submission?.doubt ?? { error: this.#unreadable() };
    return this.record.failed('ambiguous', error, false);
  }

  #unreadable(): LookUpFailedError {
    return new LookUpFailedError(this.record.id, new Error('the prompt in the journal cannot be read any more'));
  }

  /** Polling is over, and for all we know the task is not. */
  #unfollowed(error: unknown): GenerateResult<Input> {
    this.#mayRunOn = !(error instanceof TaskLostError);
    this.record.apply({ type: 'deadline' });
    const isOverdue = error instanceof DeadlineError;
    const meaning = isOverdue ? 'overdue' : meaningOf(this.#account.api, error).meaning;
    return this.record.failed(meaning, error, !this.#mayRunOn);
  }

  #hold(): Observable<GenerateResult<Input>> {
    return defer(() => {
      const mayRunOn = this.#mayRunOn || this.#submission?.doubt !== undefined;
      const isHeld = mayRunOn && this.#account.isSlotWanted;
      if (!isHeld) return EMPTY;
      return concat(holdSlot(this.#account, this.record, this.#request), this.#endedLate());
    });
  }

  /** What waits for its credits is told, now that they will not come. */
  #over(): Observable<never> {
    return defer(() => {
      this.record.givenUp();
      return EMPTY;
    });
  }

  /** Its end came after all. */
  #endedLate(): Observable<GenerateResult<Input>> {
    return defer(() => {
      const { task } = this.record;
      return task.phase === 'ended' && 'remote' in task ? this.#concluded(this.record.settle()) : EMPTY;
    });
  }
}
