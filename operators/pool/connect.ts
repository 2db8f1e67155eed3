import { Observable, type Observer, type Subscription } from 'rxjs';

/**
 * Subscribes `observer` to `source`, and hands the subscription to `own` before the first value: whoever closes it amid a
 * synchronous loop stops that loop at once, so that a source of a million values is pulled three times by a `take(3)`
 * below. A plain `source.subscribe(observer)` hands it out only after such a loop has run to its end.
 */
export function connect<T>(source: Observable<T>, observer: Observer<T>, own: (upstream: Subscription) => void): void {
  new Observable<T>((upstream) => {
    own(upstream);
    if (!upstream.closed) source.subscribe(upstream);
  }).subscribe(observer);
}
