import { Observable, of, ReplaySubject, Subject } from 'rxjs';
import type { Clock } from '../../src/clock.js';
import { ClaimLostError } from '../../src/journal/claimLostError.js';
import type { Claims, Journal, JournaledTask, JournalEntry, JournalHistory } from '../../src/journal/journal.js';
import { createLimiter } from '../../src/limiter/createLimiter.js';
import type { Limiter } from '../../src/limiter/limiter.js';
import { adaptiveConcurrency } from '../../src/limits/adaptiveConcurrency.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import type { Limit } from '../../src/limits/limit.js';
import { perKey } from '../../src/limits/perKey.js';
import { slidingWindow } from '../../src/limits/slidingWindow.js';
import type { TaskApi } from '../../src/tasks/taskApi.js';
import { aborted } from '../pool/aborted.js';
import { clockFrom } from '../time/clock.js';
import { Baton } from './baton.js';
import { Closures } from './closures.js';
import { Credits } from './credits.js';
import type { GenerateEvent } from './generateEvents.js';
import type { ParsedGenerateOptions } from './generateOptions.js';
import { Poller } from './poller.js';

/** A run that several workers share: who of them makes which prompt, and what they have left so far. */
export interface Shared {
  readonly claims: Claims;
  readonly history: JournalHistory;
}

/** More slots than any account is known to have: where `auto` probes to, if nobody says. */
export const mostSlots = 1_000;

/** What the tasks of one stream share. */
export class Account<Request> {
  readonly api: TaskApi<Request>;
  readonly options: ParsedGenerateOptions;
  readonly clock: Clock;
  /** The two limiters, always nested in this order: a slot for the task's life, a permit for each request. */
  readonly slots: Limiter;
  readonly requests: Limiter;
  readonly poller: Poller;
  readonly credits: Credits;
  readonly history: JournalHistory | undefined;
  /** There where several workers share the journal. */
  readonly shared: Shared | undefined;
  /** Passed on as a task gives its slot back. */
  readonly slotFreed = new Baton();
  /** Who waits for a slot of ours to go on with what other workers may have left: which prompts have made way for each. */
  readonly adopting = new Map<unknown, Set<string>>();
  /** What other workers have written about tasks, counted already. */
  readonly heard = new Subject<JournaledTask>();
  /** Emits as a prompt waits for credits that tasks of other workers may give back. */
  readonly short = new Subject<void>();
  /** What the observer hears. */
  readonly events = new Subject<GenerateEvent>();
  /** What nothing more is sent of. */
  readonly closures = new Closures();
  /** Aborted as nothing new may be sent any more: we were told to stop, or the journal has failed. */
  readonly stopping = new AbortController();
  /** Emits then, or at once where that was before. */
  readonly stopped$ = new ReplaySubject<void>(1);
  /** True until the source has ended: somebody may come for a slot yet. */
  isTakingIn = true;
  /** Why the journal has failed: the stream ends with it once all that runs has been collected. */
  journalError: { readonly cause: unknown } | undefined = undefined;
  readonly #journal: Journal | undefined;
  readonly #unlisten: (() => void)[] = [];
  #closing: Promise<void> | undefined;

  constructor(api: TaskApi<Request>, options: ParsedGenerateOptions, clock: Clock, history?: JournalHistory) {
    this.api = api;
    this.options = options;
    this.clock = clock;
    this.history = history;
    this.slots = options.slots ?? slotLimiter(options, clock);
    this.requests = options.requests ?? requestLimiter(api, options, clock);
    this.poller = new Poller({ ...options, api, requests: this.requests, clock });
    this.#journal = options.journal;
    const claims = options.journal?.claims;
    this.shared = claims && history && { claims, history };
    this.credits = new Credits(this.slots, options.runCredits, clock, this.shared !== undefined);
    this.#listen();
  }

  get hasJournal(): boolean {
    return this.#journal !== undefined;
  }

  /** True while somebody who may be sent waits for a slot, or may yet come for one. */
  get isSlotWanted(): boolean {
    if (this.closures.isAllClosed) return false;
    return this.slots.waiting > 0 || (this.isTakingIn && !this.stopping.signal.aborted);
  }

  /** Resolves once it is on disk. A journal that fails ends all sending. @throws (rejects with) JournalError */
  async write(entry: JournalEntry): Promise<void> {
    try {
      await this.#journal?.write(entry);
    } catch (error) {
      this.journalFailed(error);
      throw error;
    }
  }

  /** What the journal rejects with: nothing more is sent, and the stream ends with it once all that runs has been collected. */
  journalFailed(error: unknown): void {
    // Another worker has that prompt; the journal is as good as before.
    if (error instanceof ClaimLostError) return;
    this.journalError ??= { cause: error };
    this.#stop(error);
  }

  /** As `write`, for what needs no answer: the failure is kept all the same. */
  note(entry: JournalEntry): void {
    this.write(entry).catch(() => undefined);
  }

  /** Lets go of all, once: the journal may be open again for somebody else by then. Resolves as soon as it can be. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    for (const unlisten of this.#unlisten) unlisten();
    await this.#journal?.close().catch(() => undefined);
  }

  #stop(reason: unknown): void {
    this.stopping.abort(reason);
    this.stopped$.next();
  }

  /** From the very state of the journal on: whatever is written while the number of slots is asked for counts, too. */
  #hearOthers({ claims, history }: Shared): void {
    this.credits.restoreShared(history);
    const unlisten = claims.on((task) => {
      this.credits.heard(task);
      this.heard.next(task);
    });
    this.#unlisten.push(unlisten);
  }

  #listen(): void {
    const { observer, stop, updates } = this.options;
    // What it throws is reported as RxJS does, and ends nobody's task.
    if (observer !== undefined) this.events.subscribe((event) => observer.next(event));
    if (this.shared !== undefined) this.#hearOthers(this.shared);
    if (updates !== undefined) this.#unlisten.push(updates.on((update) => this.poller.told(update)));
    if (stop === undefined) return;
    const stopped = aborted(stop).subscribe(() => this.#stop(stop.reason));
    this.#unlisten.push(() => stopped.unsubscribe());
  }
}

/** Opens the journal and asks for the number of slots, where there is need to; at once where there is none. */
export function openAccount<Request>(
  api: TaskApi<Request>,
  options: ParsedGenerateOptions,
): Observable<Account<Request>> {
  const clock = clockFrom(options);
  const { journal, concurrent } = options;
  if (journal === undefined && concurrent !== 'auto') return of(new Account(api, options, clock));
  return new Observable((subscriber) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    let account: Account<Request> | undefined;
    const open = async (): Promise<Account<Request>> => {
      const history = await journal?.open({ signal });
      // Whoever has left is listened to no more.
      signal.throwIfAborted();
      account = new Account(api, options, clock, history);
      if (concurrent === 'auto') await findSlots(account, signal);
      return account;
    };
    let isOpen = false;
    open().then(
      (opened) => {
        isOpen = !subscriber.closed;
        subscriber.next(opened);
        subscriber.complete();
      },
      (error: unknown) => subscriber.error(error),
    );
    return () => {
      if (isOpen) return;
      // Whoever leaves amid the opening leaves nothing behind: no question, no listener, no lock.
      leaving.abort();
      void account?.close();
    };
  });
}

/** Asks the account itself. Where it cannot tell, refusals will. */
async function findSlots<Request>(account: Account<Request>, signal: AbortSignal): Promise<void> {
  const { api, slots, requests, options } = account;
  const ask = api.concurrency?.bind(api);
  if (ask === undefined || options.slots !== undefined) return;
  try {
    const found = await requests.run(() => ask({ signal }), { signal });
    if (found !== undefined) slots.update({ tasks: { max: found, initial: found } });
  } catch {
    // The tier's number is as good a beginning.
  }
}

function slotLimiter(options: ParsedGenerateOptions, clock: Clock): Limiter {
  const { concurrent, tier, dailyCredits, dailyCreditsPerKey, timeZone, random } = options;
  const tasks =
    concurrent === 'auto'
      ? adaptiveConcurrency({ max: mostSlots, initial: tier.concurrent, name: 'tasks' })
      : concurrency({ limit: concurrent, name: 'tasks' });
  const limits: Limit[] = [tasks];
  if (dailyCredits !== 'off') limits.push(dailyQuota({ limit: dailyCredits, timeZone, name: 'credits' }));
  if (dailyCreditsPerKey !== undefined) {
    limits.push(perKey(() => dailyQuota({ limit: dailyCreditsPerKey, timeZone, name: 'credits' })));
  }
  return createLimiter({ limits, clock, random });
}

function requestLimiter(api: TaskApi<unknown>, options: ParsedGenerateOptions, clock: Clock): Limiter {
  const { rate, headroom, random } = options;
  const limits = rate === 'off' ? [] : [slidingWindow({ ...rate, headroom, name: 'requests' })];
  return createLimiter({ limits, clock, random, classify: (error) => api.classify(error) });
}
