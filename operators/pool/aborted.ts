import { Observable } from 'rxjs';
import { noMoreAborted, whenAborted } from '../../src/limiter/aborting.js';

/** Emits once the signal is aborted; at once where it is. */
export function aborted(signal: AbortSignal): Observable<void> {
  return new Observable((subscriber) => {
    const listener = { aborted: () => subscriber.next() };
    if (signal.aborted) listener.aborted();
    else whenAborted(signal, listener);
    return () => noMoreAborted(signal, listener);
  });
}
