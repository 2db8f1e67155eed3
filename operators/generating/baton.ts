import { Observable, type Subscriber } from 'rxjs';

/** Passed on to one who waits at a time, the longest waiting first: what is free for one should not wake all. */
export class Baton {
  readonly #waiting = new Set<Subscriber<void>>();

  /** Emits once, when it is this one's turn. */
  readonly turn$ = new Observable<void>((subscriber) => {
    this.#waiting.add(subscriber);
    return () => this.#waiting.delete(subscriber);
  });

  pass(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first.next();
  }
}
