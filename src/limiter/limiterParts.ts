import type { RetryBudget } from '../backoff/retryBudget.js';
import type { Clock } from '../clock.js';
import type { Classify } from '../refusal.js';
import type { Gate } from './coolDown.js';
import type { AdmissionStore } from './store.js';

/**
 * What a full queue does with one more: refuse it with an error; give up the longest waiting of the same key, or, where
 * that has none waiting, the one whose turn comes next; give up the new one.
 */
export type Overflow = 'error' | 'drop-oldest' | 'drop-newest';

/** What a limiter is made of; `createLimiter` fills it in. */
export interface LimiterParts {
  readonly store: AdmissionStore;
  readonly coolDown: Gate;
  readonly clock: Clock;
  /** The clock as decisions read it. */
  readonly time: Clock;
  readonly queue: { readonly maxSize: number; readonly overflow: Overflow };
  readonly warnAt: number;
  readonly classify: Classify | undefined;
  readonly retryBudget: RetryBudget | undefined;
}
