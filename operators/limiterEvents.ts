import { Observable } from 'rxjs';
import type { LimiterEvent } from '../src/limiter/events.js';
import type { Limiter } from '../src/limiter/limiter.js';

/**
 * What happens in a limiter, as a stream: admissions, waits, refusals, cool-downs, and a `warning` as a rate or a quota
 * reaches its threshold (80 % unless the limiter says otherwise). Hot, endless, and free while nobody subscribes.
 *
 * ```ts
 * limiterEvents(limiter).pipe(filter((event) => event.type === 'warning')).subscribe(({ usage }) => alert(usage.percent));
 * ```
 */
export function limiterEvents(limiter: Limiter): Observable<LimiterEvent> {
  return new Observable((subscriber) => limiter.on((event) => subscriber.next(event)));
}
