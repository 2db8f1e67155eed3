import {
  catchError,
  concat,
  defer,
  EMPTY,
  filter,
  from,
  ignoreElements,
  merge,
  of,
  switchMap,
  take,
  takeUntil,
  tap,
  type Observable,
} from 'rxjs';
import { BudgetSpentError, JournalError, LookUpFailedError } from '../../src/errors.js';
import { ClaimLostError } from '../../src/journal/claimLostError.js';
import type { Refusal } from '../../src/refusal.js';
import { todo } from '../../src/tasks/task.js';
import type { CallOptions } from '../../src/tasks/taskApi.js';
import { retryWithJitter } from '../retryWithJitter.js';
import { after } from '../time/after.js';
import type { Account } from './account.js';
import { StrangeAnswer, submitted } from './answers.js';
import { Closed } from './closures.js';
import { lookUpTask } from './lookUpTask.js';
import { meaningOf } from './meaningOf.js';
import type { TaskRecord } from './taskRecord.js';
import { underRate } from './underRate.js';

/**
 * Creates one task at the server, once: written down, sent, looked up where the answer was lost, adopted where it is
 * found, sent again only on the word that there is nothing.
 */
export class Submission<Request> {
  readonly #account: Account<Request>;
  readonly #record: TaskRecord<unknown>;
  readonly #request: Request;
  /** Why we look no further, where the task may exist all the same. */
  doubt: { readonly error: unknown } | undefined;
  /** It has left its slot to one that may give it its credits, with nothing sent or written down. */
  hasMadeWay = false;
  /** The server had no slot for it the last time. */
  #waitsForSlot = false;

  constructor(account: Account<Request>, record: TaskRecord<unknown>, request: Request) {
    this.#account = account;
    this.#record = record;
    this.#request = request;
  }

  /**
   * Completes once the server has the task, or it is known that it never will, or everything stopped before anything was
   * sent. Never errors.
   */
  created(): Observable<never> {
    const { maxRetries, baseMs, capMs, jitter, random } = this.#account.options;
    return defer(() => this.#attempt()).pipe(
      retryWithJitter({
        maxRetries,
        baseMs,
        capMs,
        jitter,
        random,
        clock: this.#account.clock,
        classify: (error) => this.#meaningOf(error),
        onRetry: ({ refusal, delayMs }) => this.#record.report({ type: 'retrying', refusal, delayMs }),
        wakeOn: (refusal) => this.#wakes(refusal),
      }),
      catchError((error: unknown) => this.#giveUp(error)),
    );
  }

  /**
   * As `created`, for one that an earlier run may have sent: found out, and not sent where it does not exist. Not before
   * the request of a run that was killed a moment ago must have arrived: until then its absence says nothing.
   */
  found(): Observable<never> {
    if (todo(this.#record.task) !== 'look-up') return EMPTY;
    const { clock } = this.#account;
    const arrivesInMs = this.#record.arrivesAtMs - clock.now();
    const arrived = arrivesInMs > 0 ? after(arrivesInMs, clock).pipe(take(1)) : of(undefined);
    return arrived.pipe(
      switchMap(() => this.#lookUp()),
      catchError((error: unknown) => this.#giveUp(error)),
    );
  }

  #attempt(): Observable<never> {
    // Whoever is woken to be stopped must not fail once more: that would wake it again, without end.
    const { signal } = this.#account.stopping;
    const send = defer(() => (this.#mayBeSent() && !signal.aborted ? this.#send() : EMPTY));
    return todo(this.#record.task) === 'look-up' ? concat(this.#lookUp(), send) : send;
  }

  #send(): Observable<never> {
    this.#checkOpen();
    if (!this.#record.reserve()) return this.#waitForBudget();
    return underRate(this.#account.requests, (call) => this.#written().pipe(switchMap(() => this.#submit(call)))).pipe(
      ignoreElements(),
      // What still waits for its turn under the rate, or for the disk, is not sent any more.
      takeUntil(this.#account.stopped$.pipe(filter(() => this.#mayBeSent()))),
    );
  }

  /** In its slot, unless the task that may give something back waits for one itself. */
  #waitForBudget(): Observable<never> {
    const { credits, adopting, short } = this.#account;
    if (!credits.mayGetMore) throw this.#budgetSpent();
    short.next();
    const { key } = this.#record.identity;
    // Once for each: another limit may keep that from its slot, and this one would come back at once.
    const behind = [...adopting.values()].filter((madeWay) => !madeWay.has(key));
    if (behind.length === 0) throw new BudgetHeld();
    for (const madeWay of behind) madeWay.add(key);
    this.hasMadeWay = true;
    return EMPTY;
  }

  /** The intent is on disk, and the prompt ours; at once where there is no journal. */
  #written(): Observable<unknown> {
    const intended = todo(this.#record.task) === 'journal' ? this.#record.intend() : this.#record.confirm();
    return intended === undefined ? of(undefined) : from(intended);
  }

  #submit(call: CallOptions): Observable<unknown> {
    const { api, closures } = this.#account;
    // While it waited for its turn, its product may have been closed.
    this.#checkOpen();
    this.#record.apply({ type: 'sent' });
    this.#record.report({ type: 'submitting' });
    return defer(() => submitted(api, this.#request, this.#record.id, call)).pipe(
      tap((remote) => {
        this.#slotGranted();
        this.#record.seen(remote);
      }),
      catchError((error: unknown) => {
        const refusal = this.#meaningOf(error);
        this.#record.apply({ type: 'refused', refusal });
        this.#record.report({ type: 'refused', refusal, error });
        if (refusal.meaning === 'no-slot') this.#slotRefused();
        closures.heard(api.productOf(this.#request), refusal, error);
        throw error;
      }),
    );
  }

  #lookUp(): Observable<never> {
    return lookUpTask(this.#account, this.#record, this.#request);
  }

  /** The tries are over. What may exist is looked for once more; only then is the task given up. */
  #giveUp(error: unknown): Observable<never> {
    // The stream ends with this one, or another worker makes it; what was not sent gets no result.
    if (error instanceof JournalError || error instanceof ClaimLostError) return EMPTY;
    const mayLook = todo(this.#record.task) === 'look-up' && !(error instanceof LookUpFailedError);
    const look = mayLook ? this.#lookUp() : EMPTY;
    const abandon = defer(() => {
      if (this.#mayBeSent() || todo(this.#record.task) === 'look-up') this.#abandon(error);
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
    if (todo(this.#record.task) === 'look-up') {
      this.doubt ??= { error };
      return;
    }
    const refusal = this.#meaningOf(error);
    this.#record.unsent();
    this.#record.apply({ type: 'abandoned', refusal, error: error instanceof Closed ? error.cause : error });
  }

  /** A limit of slots that learns is told: the place is kept, and the server has none. */
  #slotRefused(): void {
    const { cost, admittedAtMs, identity } = this.#record;
    this.#waitsForSlot = true;
    this.#account.slots.refusedSlot(cost, admittedAtMs, identity.owner);
  }

  #slotGranted(): void {
    if (!this.#waitsForSlot) return;
    const { cost, admittedAtMs, identity } = this.#record;
    this.#account.slots.grantedSlot(cost, admittedAtMs, identity.owner);
  }

  #checkOpen(): void {
    const { api, closures } = this.#account;
    closures.check(api.productOf(this.#request));
  }

  #meaningOf(error: unknown): Refusal {
    if (error instanceof Closed) return error.refusal;
    if (error instanceof BudgetHeld) return { meaning: 'no-slot' };
    if (error instanceof BudgetSpentError) return { meaning: 'exhausted' };
    if (error instanceof JournalError || error instanceof ClaimLostError) return { meaning: 'account' };
    // The request has arrived: there may be a task.
    if (error instanceof StrangeAnswer) return { meaning: 'ambiguous' };
    return meaningOf(this.#account.api, error, 'ambiguous');
  }

  #wakes(refusal: Refusal): Observable<unknown> {
    const { slotFreed, stopped$ } = this.#account;
    return refusal.meaning === 'no-slot' ? merge(stopped$, slotFreed.turn$) : stopped$;
  }

  #mayBeSent(): boolean {
    const command = todo(this.#record.task);
    return command === 'journal' || command === 'send';
  }

  #budgetSpent(): BudgetSpentError {
    return new BudgetSpentError('runCredits', this.#record.identity.credits, this.#account.credits.leftOfRun);
  }
}

/** The run's budget cannot pay now; what runs may yet give something back. */
class BudgetHeld extends Error {}
