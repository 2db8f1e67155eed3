import type { Clock } from '../clock.js';
import { JournalError } from '../errors.js';
import { ClaimLostError } from '../journal/claimLostError.js';
import { journalFormat } from '../journal/entries.js';
import { Folding } from '../journal/fold.js';
import type { Claim, JournaledTask, JournalEntry, JournalHistory } from '../journal/journal.js';
import { WakeUp } from '../wakeUp.js';
import type { RedisClient } from './client.js';
import { ClosableClock } from './closableClock.js';
import { Deferred } from './deferred.js';
import { JournalClaims, type Hold } from './journalClaims.js';
import { decodeFrom, encodeFor } from './journalEntries.js';
import { JournalLink } from './journalLink.js';
import type { Answer, Ask } from './journalStep.js';
import { Subscription } from './subscription.js';

export interface JournalSessionOptions {
  readonly client: RedisClient;
  readonly name: string;
  readonly worker: string;
  readonly ttlMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onAway: (why: unknown) => void;
  readonly runId: string;
  /** As JSON; equal ones of equal text. */
  readonly settings: string;
  /** Told of each task that another worker has written about. */
  readonly onTask: (task: JournaledTask) => void;
}

/** An entry on its way. */
interface Write {
  /** Whose task it is; empty where nobody knows. */
  readonly key: string;
  readonly json: string;
  readonly isIntent: boolean;
  readonly isEnd: boolean;
  readonly done: Deferred<void>;
}

const nothing: Ask = { write: [], release: [], claim: [], watch: [] };

/** How many entries go in one step. */
const mostWrites = 200;

/** How long closing waits for a Redis that does not answer: then the lease runs out by itself. */
const closingMs = 2_000;

/**
 * One worker's part in a journal, from opening to closing: what is asked of it goes step by step, all that comes while
 * one is on its way in the next. It is renewed while there is something to hold or to wait for, and no timer runs else.
 */
export class JournalSession {
  readonly #options: JournalSessionOptions;
  readonly #clock: ClosableClock;
  readonly #link: JournalLink;
  readonly #folding = new Folding();
  readonly #renewal: WakeUp;
  readonly #claims = new JournalClaims({
    taskOf: (key) => this.taskOf(key),
    trip: () => this.#trip(),
    confirm: (hold) => this.#confirm(hold),
  });
  #writes: Write[] = [];
  /** What we have written, and not read again yet. */
  readonly #own = new Set<string>();
  /** Whose the tasks are that we have written about. */
  readonly #keys = new Map<string, string>();
  /** Rejects as opening is given up. */
  readonly #leaving = new Deferred<never>();
  /** Intents that were written too long ago to be sure of the claim. */
  readonly #doubtful: { readonly hold: Hold; readonly done: Deferred<void> }[] = [];
  #isOpen = false;
  #isDue = false;
  #working: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #subscription: Subscription;

  constructor(options: JournalSessionOptions) {
    this.#options = options;
    this.#clock = new ClosableClock(options.clock);
    this.#link = new JournalLink({ ...options, clock: this.#clock });
    this.#subscription = new Subscription(options.client, [this.#link.keys.channel], this.#clock, {
      message: (from) => {
        if (from !== options.worker) this.#trip();
      },
      ready: () => this.#trip(),
    });
    this.#renewal = new WakeUp(this.#clock, () => this.#trip());
    this.#leaving.promise.catch(() => undefined);
  }

  /** @throws (rejects with) JournalError */
  open(): Promise<JournalHistory> {
    return Promise.race([this.#load(), this.#leaving.promise]);
  }

  taskOf(key: string): JournaledTask | undefined {
    return this.#folding.taskOf(key);
  }

  /** @throws (rejects with) JournalError, ClaimLostError */
  write(entry: JournalEntry): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    const key = this.#keyOf(entry) ?? '';
    const done = new Deferred<void>();
    let json: string;
    try {
      json = encodeFor(this.#options.name, entry);
    } catch (error) {
      return Promise.reject(this.#fail(error));
    }
    this.#writes.push({ key, json, isIntent: entry.type === 'intent', isEnd: entry.type === 'ended', done });
    this.#trip();
    return done.promise;
  }

  /** @throws (rejects with) JournalError */
  claim(key: string): Promise<Claim> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    return this.#claims.wish(key);
  }

  /** Gives back all it holds, where Redis is there to hear it. */
  async close(): Promise<void> {
    this.#subscription.stop();
    let isOver = false;
    const patience = new Deferred<void>();
    this.#clock.schedule(closingMs, () => patience.resolve());
    this.#link.endBy(this.#clock.now() + closingMs);
    const leaving = async (): Promise<void> => {
      while (this.#working !== undefined) await this.#working;
      if (!isOver && this.#failure === undefined) await this.#link.step({ ...nothing, leave: true });
    };
    await Promise.race([leaving().catch(() => undefined), patience.promise]);
    isOver = true;
    this.#fail(this.#closed());
    this.#clock.close();
  }

  /** Gives up opening, however long Redis takes to answer. */
  abandon(): void {
    this.#link.endBy(-Infinity);
    this.#fail(this.#closed());
    this.#leaving.reject(this.#closed());
    this.#clock.close();
  }

  async #load(): Promise<JournalHistory> {
    const { runId, settings } = this.#options;
    this.#read(await this.#link.step({ ...nothing, open: { run: runId, settings, format: String(journalFormat) } }));
    while (this.#link.isBehind) this.#read(await this.#link.step(nothing));
    if (this.#failure !== undefined) throw this.#failure.error;
    this.#isOpen = true;
    this.#subscription.listen();
    return this.#folding.history(this.#link.run);
  }

  #keyOf(entry: JournalEntry): string | undefined {
    if (entry.type !== 'intent') return this.#keys.get(entry.id) ?? this.#folding.keyOf(entry.id);
    this.#keys.set(entry.id, entry.key);
    return entry.key;
  }

  #closed(): JournalError {
    return new JournalError(`the journal "${this.#options.name}" in Redis was closed`);
  }

  #trip(): void {
    if (this.#failure !== undefined) return;
    this.#isDue = true;
    this.#working ??= this.#work();
  }

  async #work(): Promise<void> {
    // Whoever comes in the same turn is of the same step.
    await Promise.resolve();
    try {
      while (this.#failure === undefined && (this.#isDue || this.#link.isBehind)) {
        this.#isDue = false;
        await this.#step();
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#working = undefined;
    this.#renewLater();
  }

  async #step(): Promise<void> {
    const writes = this.#writes.slice(0, mostWrites);
    if (this.#writes.length > writes.length) this.#isDue = true;
    const asked = this.#claims.ask();
    for (const { json } of writes) this.#own.add(json);
    let answer: Answer;
    try {
      const { release, claim, watch } = asked;
      answer = await this.#link.step({ write: writes, release, claim, watch });
      this.#subscription.listen();
    } catch (error) {
      this.#claims.fail(error, asked);
      throw error;
    }
    const { answers, taken, length, isGivenUp } = answer;
    if (isGivenUp) for (const hold of asked.before) this.#claims.lose(hold);
    this.#writes = this.#writes.slice(writes.length);
    this.#read(answer);
    this.#resolveDoubts();
    writes.forEach((write, place) => this.#written(write, answers[place] === true));
    this.#claims.answered(asked, answers.slice(writes.length), taken, length);
    this.#claims.handOver(this.#link.read);
    if (this.#doubtful.length > 0) this.#isDue = true;
  }

  /** Takes in the entries that came. */
  #read({ entries }: Answer): void {
    for (const json of entries) {
      const entry = decodeFrom(this.#options.name, json);
      this.#folding.add(entry);
      if (this.#own.delete(json) || !('id' in entry)) continue;
      const key = this.#folding.keyOf(entry.id);
      const task = key === undefined ? undefined : this.#folding.taskOf(key);
      if (task !== undefined && this.#isOpen) this.#options.onTask(task);
    }
  }

  #written({ key, json, isIntent, isEnd, done }: Write, isTaken: boolean): void {
    const hold = this.#claims.holdOf(key);
    if (!isTaken) {
      this.#own.delete(json);
      if (hold !== undefined) this.#claims.lose(hold);
      done.reject(new ClaimLostError(key === '' ? undefined : key));
      return;
    }
    if (isEnd) this.#claims.ended(key);
    if (!isIntent || hold === undefined || this.#link.isSure) done.resolve();
    else this.#doubtful.push({ hold, done });
  }

  /** What was on its way, or we asleep, for so long that the prompt may have been given away since: asked once more. */
  #resolveDoubts(): void {
    const isSure = this.#link.isSure;
    for (const { hold, done } of this.#doubtful.splice(0)) {
      if (hold.losing.signal.aborted) done.reject(new ClaimLostError(hold.key));
      else if (isSure) done.resolve();
      else this.#doubtful.push({ hold, done });
    }
  }

  async #confirm({ key, losing }: Hold): Promise<void> {
    while (!losing.signal.aborted) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#link.isSure) return;
      this.#trip();
      await this.#working;
    }
    throw new ClaimLostError(key);
  }

  #renewLater(): void {
    const isBusy = this.#failure === undefined && this.#claims.isBusy;
    this.#renewal.at(isBusy ? this.#clock.now() + this.#options.ttlMs / 3 : Infinity);
  }

  /** Everything fails from here on. @returns the error that it fails with: the first */
  #fail(error: unknown): unknown {
    if (this.#failure !== undefined) return this.#failure.error;
    this.#failure = { error };
    this.#subscription.stop();
    this.#renewal.at(Infinity);
    for (const { done } of [...this.#writes, ...this.#doubtful.splice(0)]) done.reject(error);
    this.#writes = [];
    this.#claims.fail(error);
    return error;
  }
}
