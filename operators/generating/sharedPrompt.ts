import {
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  merge,
  type Observable,
  of,
  repeat,
  Subject,
  takeUntil,
  tap,
} from 'rxjs';
import type { Claims, JournaledOutcome, JournaledTask } from '../../src/journal/journal.js';
import { concurrencyLimit } from '../concurrencyLimit.js';
import { aborted } from '../pool/aborted.js';
import type { Account } from './account.js';
import type { Desk, Named } from './desk.js';
import type { GenerateResult } from './generateEvents.js';
import { PromptClaim } from './promptClaim.js';
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
  readonly #claim: PromptClaim;
  /** The prompt itself, once it has come. */
  #named: Named<Input, Request> | undefined;
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
    this.#claim = new PromptClaim(account, claims, key);
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
    return run === undefined ? this.#over() : concat(this.#inSlot(run), this.#claim.untilFree());
  }

  /** What is to be done about it, as far as is known now; undefined: nothing, since nobody asks for it. */
  #runOf(task: JournaledTask | undefined): TaskRun<Input, Request> | undefined {
    if (task !== undefined && !this.#isToBeMade(task)) return this.#adopt(task);
    return this.#named && this.#desk.start(this.#named, this.#roundOf(task), this.#claim.isOurs ? 1 : 0);
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
      return this.#claim.claimed().pipe(
        concatMap((claim) => {
          const made = this.#fitting(run, claim.task);
          return made === undefined ? EMPTY : this.#made(made, claim);
        }),
        finalize(() => run.record.dropped()),
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
      else if (run.isToBeSent) this.#claim.isAbsent = true;
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
    this.#claim.letGo();
    this.#handOver(run);
  }

  /** What it may cost is counted as another worker's. */
  #handOver({ record }: TaskRun<Input, Request>): void {
    record.dropped();
    const task = this.#claims.taskOf(this.#key);
    if (task !== undefined) this.#account.credits.heard(task);
  }

  #over(last: Observable<GenerateResult<Input>> = EMPTY): Observable<GenerateResult<Input>> {
    this.#isOver = true;
    this.#claim.letGo();
    return last;
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
    return task.phase === 'unsent' || this.#claim.isAbsent || this.#isToBeRetried(task);
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
