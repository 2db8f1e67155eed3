import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  ignoreElements,
  merge,
  Observable,
  of,
  repeat,
  Subject,
  takeUntil,
  tap,
} from 'rxjs';
import type { Claim, Claims, JournaledOutcome, JournaledTask } from '../../src/journal/journal.js';
import { concurrencyLimit } from '../concurrencyLimit.js';
import { aborted } from '../pool/aborted.js';
import type { Account } from './account.js';
import type { Desk, Named } from './desk.js';
import type { GenerateResult } from './generateEvents.js';
import type { OurClaim } from './taskRecord.js';
import type { TaskRun } from './taskRun.js';

/**
 * One prompt of a run that several workers share. It waits for a slot of ours and only then asks whose it is, so that
 * nobody has more prompts than slots. What is another's waits without one, until it has ended there, or its worker is gone;
 * what turns out to be lost amid it all is another's from there on.
 */
export class SharedPrompt<Input, Request> {
  readonly #account: Account<Request>;
  readonly #claims: Claims;
  readonly #desk: Desk<Input, Request>;
  readonly #key: string;
  readonly #roundBefore: number;
  /** The prompt itself, once it has come. */
  #named: Named<Input, Request> | undefined;
  #claim: OurClaim | undefined;
  /** Resolves as soon as another worker is done with it. */
  #free: Promise<void> | undefined;
  /** The server's word is that what was written down as about to be sent is not there; known while we have the claim. */
  #isAbsent = false;
  /** Its task while it is ours, from before it is sent to its end. */
  #making: TaskRun<Input, Request> | undefined;
  #isOver = false;
  /** A result of ours was told. */
  #hasTold = false;
  readonly #endedElsewhere = new Subject<void>();

  /** @param roundBefore which task of it was the newest before this worker came; -1: there was none */
  constructor(account: Account<Request>, claims: Claims, desk: Desk<Input, Request>, key: string, roundBefore: number) {
    this.#account = account;
    this.#claims = claims;
    this.#desk = desk;
    this.#key = key;
    this.#roundBefore = roundBefore;
  }

  /** True where it is over and nobody was told, since nobody had asked for it. */
  get isForgotten(): boolean {
    return this.#isOver && !this.#hasTold;
  }

  /** Somebody asks for it, by this prompt. */
  isWantedAs(named: Named<Input, Request>): void {
    this.#named = named;
    if (this.#making !== undefined) this.#making.record.index = named.index;
  }

  /** Another worker has written about its task. */
  heard({ outcome }: JournaledTask): void {
    if (outcome !== undefined) this.#endedElsewhere.next();
  }

  /** What becomes of it, here or elsewhere; nothing where all stops before. Never errors. */
  result(): Observable<GenerateResult<Input>> {
    return defer(() => {
      this.#isOver = false;
      return defer(() => this.#next()).pipe(repeat({ delay: () => (this.#isOver ? EMPTY : of(undefined)) }));
    });
  }

  #next(): Observable<GenerateResult<Input>> {
    if (this.#account.stopping.signal.aborted) return this.#over();
    const task = this.#claims.taskOf(this.#key);
    if (task?.outcome !== undefined && !this.#isToBeRetried(task)) {
      return this.#over(this.#toldAgain(task.id, task.outcome));
    }
    let run: TaskRun<Input, Request> | undefined;
    try {
      run = this.#runOf(task);
    } catch (error) {
      return this.#over(this.#refused(error));
    }
    return run === undefined ? this.#over() : concat(this.#inSlot(run), this.#elsewhere());
  }

  /** What is to be done about it, as far as is known now; undefined: nothing, since nobody asks for it. */
  #runOf(task: JournaledTask | undefined): TaskRun<Input, Request> | undefined {
    if (task !== undefined && !this.#isToBeMade(task)) return this.#adopt(task);
    return this.#named && this.#desk.start(this.#named, this.#roundOf(task), this.#claim === undefined ? 0 : 1);
  }

  #adopt(task: JournaledTask): TaskRun<Input, Request> {
    const run = this.#desk.adopt(task);
    if (this.#named !== undefined) run.record.index = this.#named.index;
    return run;
  }

  #inSlot(run: TaskRun<Input, Request>): Observable<GenerateResult<Input>> {
    const { slots, stopped$, adopting } = this.#account;
    const { cost, identity, isAdopted } = run.record;
    if (isAdopted) adopting.set(run, new Set());
    const placing = { cost: () => cost, key: () => identity.owner, priority: () => identity.priority };
    return of(run).pipe(
      concurrencyLimit(() => this.#asked(run), { ...placing, limiter: slots }),
      takeUntil(merge(this.#endedElsewhere, stopped$).pipe(filter(() => this.#making === undefined))),
      finalize(() => adopting.delete(run)),
    );
  }

  /** With a slot, which goes back at once where it is another's. */
  #asked(run: TaskRun<Input, Request>): Observable<GenerateResult<Input>> {
    return defer(() => {
      this.#account.adopting.delete(run);
      // The slot's limiter has taken the credits of the day, too.
      if (!run.record.isAdopted) run.record.admitted();
      return this.#claimed().pipe(
        concatMap((claim) => {
          const made = this.#fitting(run, claim.task);
          return made === undefined ? EMPTY : this.#made(made, claim);
        }),
        finalize(() => run.record.dropped()),
      );
    });
  }

  #claimed(): Observable<OurClaim> {
    if (this.#claim?.lost.aborted === false) return of(this.#claim);
    this.#letGo();
    return this.#claimAsked().pipe(
      concatMap((claim) => {
        if (claim.isOurs) return of((this.#claim = claim));
        this.#free = claim.free;
        return EMPTY;
      }),
    );
  }

  /** Nobody keeps what comes too late. */
  #claimAsked(): Observable<Claim> {
    return new Observable((subscriber) => {
      this.#claims.claim(this.#key).then(
        (claim) => {
          if (claim.isOurs && subscriber.closed) claim.release();
          subscriber.next(claim);
          subscriber.complete();
        },
        (error: unknown) => {
          // A claim that is lost before it is given is asked for again.
          this.#account.journalFailed(error);
          subscriber.complete();
        },
      );
    });
  }

  /** The run for what is known for certain, now that it is ours; undefined: it needs another look, and maybe another slot. */
  #fitting(run: TaskRun<Input, Request>, task: JournaledTask | undefined): TaskRun<Input, Request> | undefined {
    const { isAdopted, identity } = run.record;
    if (task === undefined || this.#isToBeMade(task)) {
      return !isAdopted && identity.round === this.#roundOf(task) ? run : undefined;
    }
    if (task.outcome !== undefined) return undefined;
    return this.#adopt(task);
  }

  #made(run: TaskRun<Input, Request>, claim: OurClaim): Observable<GenerateResult<Input>> {
    const { record } = run;
    record.claimed(claim);
    if (record.isAdopted) record.tellAdopted();
    this.#making = run;
    const settled = defer(() => {
      this.#making = undefined;
      if (claim.lost.aborted) this.#lost(run);
      else if (run.isToBeSent) this.#isAbsent = true;
      else if (!run.hasMadeWay) {
        // Another may go on with it.
        if (record.hasReservation) {
          this.#handOver(run);
          this.#account.credits.giveUpElsewhere(this.#key);
        }
        this.#over();
      }
      return EMPTY;
    });
    const results = run.result().pipe(
      tap(() => (this.#hasTold = true)),
      takeUntil(aborted(claim.lost)),
    );
    return concat(results, settled);
  }

  #lost(run: TaskRun<Input, Request>): void {
    this.#letGo();
    this.#handOver(run);
  }

  /** What it may cost is counted as another worker's. */
  #handOver({ record }: TaskRun<Input, Request>): void {
    record.dropped();
    const task = this.#claims.taskOf(this.#key);
    if (task !== undefined) this.#account.credits.heard(task);
  }

  /** Waits until another worker is done with it, where one has it. */
  #elsewhere(): Observable<never> {
    return defer(() => {
      const free = this.#free;
      this.#free = undefined;
      if (free === undefined) return EMPTY;
      return from(free).pipe(
        ignoreElements(),
        catchError((error: unknown) => {
          this.#account.journalFailed(error);
          return EMPTY;
        }),
        takeUntil(this.#account.stopped$),
      );
    });
  }

  #over(last: Observable<GenerateResult<Input>> = EMPTY): Observable<GenerateResult<Input>> {
    this.#isOver = true;
    this.#letGo();
    return last;
  }

  /** Whoever has it next may send it. */
  #letGo(): void {
    this.#claim?.release();
    this.#claim = undefined;
    this.#isAbsent = false;
  }

  #toldAgain(id: string, outcome: JournaledOutcome): Observable<GenerateResult<Input>> {
    const named = this.#named;
    if (named === undefined) return EMPTY;
    return of(this.#desk.again(id, outcome, named.input, named.index));
  }

  #refused(error: unknown): Observable<GenerateResult<Input>> {
    if (this.#named === undefined) return EMPTY;
    const { input, index, identity } = this.#named;
    return of(this.#desk.refused(input, index, identity.idOf(0), error));
  }

  #isToBeMade(task: JournaledTask): boolean {
    return task.phase === 'unsent' || this.#isAbsent || this.#isToBeRetried(task);
  }

  /** What failed before this worker came; not what another has tried once more meanwhile. */
  #isToBeRetried({ outcome, round }: JournaledTask): boolean {
    return this.#account.options.retryFailed && outcome?.status === 'failed' && round === this.#roundBefore;
  }

  #roundOf(task: JournaledTask | undefined): number {
    if (task === undefined) return 0;
    return task.phase === 'ended' ? task.round + 1 : task.round;
  }
}
