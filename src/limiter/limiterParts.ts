import type { RetryBudget } from '../backoff/retryBudget.js';
import type { Clock } from '../clock.js';
import type { Classify } from '../refusal.js';
import type { Gate } from './coolDown.js';
import type { QueueSettings } from './queueSettings.js';
import type { AdmissionStore } from './store.js';

/** What a limiter is made of; `createLimiter` fills it in. */
export interface LimiterParts {
  readonly store: AdmissionStore;
  /** The store is one that processes share. */
  readonly isShared: boolean;
  readonly coolDown: Gate;
  readonly clock: Clock;
  /** The clock as decisions read it. */
  readonly time: Clock;
  readonly queue: QueueSettings;
  readonly warnAt: number;
  readonly classify: Classify | undefined;
  readonly retryBudget: RetryBudget | undefined;
}
