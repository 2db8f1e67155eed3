import { Observable } from 'rxjs';

/** Emits once the signal is aborted; at once where it is. */
export function aborted(signal: AbortSignal): Observable<void> {
  return new Observable((subscriber) => {
    const tell = (): void => subscriber.next();
    if (signal.aborted) tell();
    else signal.addEventListener('abort', tell, { once: true });
    return () => signal.removeEventListener('abort', tell);
  });
}
