import { catchError, concatMap, defer, EMPTY, from, ignoreElements, Observable, of, takeUntil } from 'rxjs';
import type { Claim, Claims } from '../../src/journal/journal.js';
import type { Account } from './account.js';
import type { OurClaim } from './taskRecord.js';

/** Whose a prompt is among the workers that share a run: ours while we have its claim. */
export class PromptClaim {
  /** The server's word is that what was written down as about to be sent is not there; known while we have the claim. */
  isAbsent = false;
  readonly #account: Account<unknown>;
  readonly #claims: Claims;
  readonly #key: string;
  #ours: OurClaim | undefined;
  /** Resolves as soon as another worker is done with it. */
  #free: Promise<void> | undefined;

  constructor(account: Account<unknown>, claims: Claims, key: string) {
    this.#account = account;
    this.#claims = claims;
    this.#key = key;
  }

  get isOurs(): boolean {
    return this.#ours !== undefined;
  }

  /** Our claim, asked for where we have none; nothing where it is another's. */
  claimed(): Observable<OurClaim> {
    if (this.#ours?.lost.aborted === false) return of(this.#ours);
    this.letGo();
    return this.#asked().pipe(
      concatMap((claim) => {
        if (claim.isOurs) return of((this.#ours = claim));
        this.#free = claim.free;
        return EMPTY;
      }),
    );
  }

  /** Whoever has it next may send it. */
  letGo(): void {
    this.#ours?.release();
    this.#ours = undefined;
    this.isAbsent = false;
  }

  /** Waits until another worker is done with it, where one has it. */
  untilFree(): Observable<never> {
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

  /** Nobody keeps what comes too late. */
  #asked(): Observable<Claim> {
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
}
