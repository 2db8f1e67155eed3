import type { Observable, Subscription } from 'rxjs';

/** What a stream has said so far. */
export interface Recording<T> {
  readonly values: readonly T[];
  /** Each value with its instant, where a clock was given. */
  readonly timeline: readonly (readonly [number, T])[];
  readonly error: unknown;
  /** How it ended: `|` completed, `#` with an error, empty where it goes on. */
  readonly end: '' | '|' | '#';
  readonly endedAtMs: number;
  readonly subscription: Subscription;
}

/** Subscribes to a stream and writes down what it says. */
export function record<T>(source: Observable<T>, now: () => number = () => 0): Recording<T> {
  const timeline: [number, T][] = [];
  let end: Recording<T>['end'] = '';
  let error: unknown;
  let endedAtMs = NaN;
  const finish = (how: '|' | '#', reason?: unknown): void => {
    end = how;
    error = reason;
    endedAtMs = now();
  };
  const subscription = source.subscribe({
    next: (value) => timeline.push([now(), value]),
    error: (reason: unknown) => finish('#', reason),
    complete: () => finish('|'),
  });
  return {
    timeline,
    subscription,
    get values() {
      return timeline.map(([, value]) => value);
    },
    get error() {
      return error;
    },
    get end() {
      return end;
    },
    get endedAtMs() {
      return endedAtMs;
    },
  };
}
