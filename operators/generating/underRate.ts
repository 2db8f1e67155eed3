import { of, type Observable, type ObservableInput } from 'rxjs';
import type { Limiter } from '../../src/limiter/limiter.js';
import type { CallOptions } from '../../src/tasks/taskApi.js';
import { concurrencyLimit } from '../concurrencyLimit.js';

/** One request under the rate; its permit is held until the answer is there. */
export function underRate<T>(requests: Limiter, send: (call: CallOptions) => ObservableInput<T>): Observable<T> {
  return of(undefined).pipe(concurrencyLimit((_, __, { signal }) => send({ signal }), { limiter: requests }));
}
