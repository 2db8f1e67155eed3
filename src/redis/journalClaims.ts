import { ClaimLostError } from '../journal/claimLostError.js';
import type { Claim, JournaledTask } from '../journal/journal.js';
import { Deferred } from './deferred.js';
import type { Ask } from './journalStep.js';

/** A prompt that is ours. */
export interface Hold {
  readonly key: string;
  readonly losing: AbortController;
}

/** A prompt that is being asked for. */
interface Wish {
  readonly key: string;
  readonly claim: Deferred<Claim>;
}

/** What a worker's claims need of its session. */
export interface ClaimsSession {
  readonly taskOf: (key: string) => JournaledTask | undefined;
  /** Sends what there is to send. */
  readonly trip: () => void;
  /** Resolves where the hold is known to be valid. @throws (rejects with) ClaimLostError, JournalError */
  readonly confirm: (hold: Hold) => Promise<void>;
}

/** What one step asks of the claims. */
export interface ClaimsAsked extends Pick<Ask, 'release' | 'claim' | 'watch'> {
  readonly wishes: readonly Wish[];
  /** What was ours before it. */
  readonly before: readonly Hold[];
}

/** Which prompts are ours, which we have asked for, and which we wait for. */
export class JournalClaims {
  readonly #session: ClaimsSession;
  #wishes: Wish[] = [];
  #releases: string[] = [];
  readonly #holds = new Map<string, Hold>();
  /** What others have, and we wait for. */
  readonly #awaited = new Map<string, Deferred<void>>();
  /** Claims that were given, until all has been read that was written before. */
  #granted: (Wish & { readonly upTo: number })[] = [];

  constructor(session: ClaimsSession) {
    this.#session = session;
  }

  /** True while there is something to hold or to wait for. */
  get isBusy(): boolean {
    return this.#holds.size + this.#awaited.size > 0;
  }

  holdOf(key: string): Hold | undefined {
    return this.#holds.get(key);
  }

  wish(key: string): Promise<Claim> {
    const claim = new Deferred<Claim>();
    this.#wishes.push({ key, claim });
    this.#session.trip();
    return claim.promise;
  }

  /** What is to be asked now; once. */
  ask(): ClaimsAsked {
    const [release, wishes] = [this.#releases, this.#wishes];
    this.#releases = [];
    this.#wishes = [];
    const claim = wishes.map(({ key }) => key);
    return { release, wishes, claim, watch: [...this.#awaited.keys()], before: [...this.#holds.values()] };
  }

  /**
   * The answers to all that was asked.
   *
   * @param given for each of `claim`, and `taken` for each of `watch`, whether it is so
   * @param length how many entries there were then
   */
  answered({ wishes, watch }: ClaimsAsked, given: readonly boolean[], taken: readonly boolean[], length: number): void {
    wishes.forEach((wish, place) => {
      if (given[place] === true) this.#give(wish, length);
      else this.#wait(wish);
    });
    watch.forEach((key, place) => {
      if (taken[place] === true && this.#session.taskOf(key)?.outcome === undefined) return;
      this.#awaited.get(key)?.resolve();
      this.#awaited.delete(key);
    });
  }

  /** So many entries have been read: claims count from when all is known that was written before them. */
  handOver(read: number): void {
    const ready = this.#granted.filter(({ upTo }) => upTo <= read);
    this.#granted = this.#granted.filter(({ upTo }) => upTo > read);
    for (const { key, claim } of ready) {
      const hold = this.#holds.get(key);
      if (hold === undefined) claim.reject(new ClaimLostError(key));
      else claim.resolve(this.#claimOf(hold));
    }
  }

  /** Its end is written. */
  ended(key: string): void {
    this.#holds.delete(key);
  }

  lose(hold: Hold): void {
    if (this.#holds.get(hold.key) === hold) this.#holds.delete(hold.key);
    hold.losing.abort(new ClaimLostError(hold.key));
  }

  fail(error: unknown, asked?: ClaimsAsked): void {
    for (const { claim } of [...(asked?.wishes ?? []), ...this.#wishes, ...this.#granted]) claim.reject(error);
    for (const free of this.#awaited.values()) free.reject(error);
    this.#wishes = [];
    this.#granted = [];
    this.#awaited.clear();
  }

  #give(wish: Wish, length: number): void {
    this.#holds.set(wish.key, { key: wish.key, losing: new AbortController() });
    this.#granted.push({ ...wish, upTo: length });
  }

  #wait({ key, claim }: Wish): void {
    const free = this.#awaited.get(key) ?? new Deferred<void>();
    this.#awaited.set(key, free);
    // Whoever does not wait for it need not hear of a failure.
    free.promise.catch(() => undefined);
    claim.resolve({ isOurs: false, free: free.promise });
  }

  #claimOf(hold: Hold): Claim {
    return {
      isOurs: true,
      task: this.#session.taskOf(hold.key),
      lost: hold.losing.signal,
      confirm: () => this.#session.confirm(hold),
      release: () => this.#release(hold),
    };
  }

  #release(hold: Hold): void {
    if (this.#holds.get(hold.key) !== hold) return;
    this.#holds.delete(hold.key);
    this.#releases.push(hold.key);
    this.#session.trip();
  }
}
