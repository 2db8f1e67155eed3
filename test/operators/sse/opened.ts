import { Subject, type Observable } from 'rxjs';
import { sse, type SseEvent, type SseOptions } from '../../../operators/sse/index.js';
import { VirtualClock } from '../virtualClock.js';
import { Reading } from './reading.js';

/** An answer of `sse`, on a clock of its own and with the shortest pause, and who reads it. */
export function opened(source: Observable<SseEvent>, options: SseOptions = {}) {
  const clock = new VirtualClock();
  const response = sse(source, { clock, random: () => 0, ...options });
  return { clock, response, reading: new Reading(response) };
}

/** A source to be told what to say. */
export function watched() {
  const events = new Subject<SseEvent>();
  return { events, next: (...data: readonly unknown[]) => data.forEach((it) => events.next({ data: it })) };
}
