import { Observable } from 'rxjs';
import type { Clock } from '../../src/clock.js';

/** Emits once, `delayMs` after its subscription, and never completes: a wait for operators that take a notifier. */
export function after(delayMs: number, clock: Clock): Observable<void> {
  return new Observable((subscriber) => clock.schedule(delayMs, () => subscriber.next()));
}
