/**
 * The operators, the limiter and its limits. Runs in browsers and in Node.
 *
 * @module sluice
 */
export { rateLimit, type RateLimitOptions } from './rateLimit.js';
export { concurrencyLimit, type ConcurrencyLimitOptions } from './concurrencyLimit.js';
export type { ProjectionContext } from './pool/job.js';
export type { Project } from './pool/pool.js';
export { retryWithJitter, type Retry, type RetryWithJitterOptions } from './retryWithJitter.js';
export { pollUntilDone, type PollContext, type PollUntilDoneOptions } from './pollUntilDone.js';
export { pullFrom, type PullFromOptions } from './pullFrom.js';
export { generate } from './generate.js';
export type { GenerateOptions } from './generating/generateOptions.js';
export type { GenerateError, GenerateEvent, GenerateResult } from './generating/generateEvents.js';
export {
  createRequestQueue,
  type RequestCallback,
  type RequestQueue,
  type RequestQueueOptions,
  type RequestResult,
} from './createRequestQueue.js';
export { limiterEvents } from './limiterEvents.js';
export { clockOf, type TimeOptions } from './time/clock.js';

export { createLimiter } from './createLimiter.js';
export type { LimiterOptions } from '../src/limiter/createLimiter.js';
export type { Overflow } from '../src/limiter/queueSettings.js';
export type { AdjustOptions, Limiter } from '../src/limiter/limiter.js';
export type { AdmissionStore, Applicants, LimiterStore, StoreSetup } from '../src/limiter/store.js';
export { replay, type Decision } from '../src/limiter/replay.js';
export type { Recorder, TapeEntry } from '../src/limiter/tape.js';
export type { Forecast, ForecastOptions } from '../src/limiter/forecast.js';
export type { AcquireOptions, Permit } from '../src/limiter/acquisition.js';
export type { CoolDownOptions, Gate } from '../src/limiter/coolDown.js';
export type { Explanation, LimiterEvent, LimiterSnapshot, LimitUsage } from '../src/limiter/events.js';
export type { Cost } from '../src/limiter/cost.js';
export type { Place } from '../src/limiter/place.js';

export { slidingWindow, type SlidingWindowOptions } from '../src/limits/slidingWindow.js';
export { evenly, type EvenlyOptions } from '../src/limits/evenly.js';
export { tokenBucket, type TokenBucketOptions } from '../src/limits/tokenBucket.js';
export { concurrency, type ConcurrencyOptions } from '../src/limits/concurrency.js';
export { adaptiveConcurrency, type AdaptiveConcurrencyOptions } from '../src/limits/adaptiveConcurrency.js';
export { perKey } from '../src/limits/perKey.js';
export { dailyQuota, type DailyQuotaOptions } from '../src/limits/dailyQuota.js';
export { budget, type BudgetOptions } from '../src/limits/budget.js';
export type { Limit, LimitFigures, LimitKind, Outcome, Usage } from '../src/limits/limit.js';

export { backoffBounds, backoffDelay, type BackoffOptions, type Jitter } from '../src/backoff/backoff.js';
export {
  createRetryBudget,
  type RetryBudget,
  type RetryBudgetOptions,
  type RetryBudgetSnapshot,
} from '../src/backoff/retryBudget.js';
export { scaledClock, systemClock, type Cancel, type Clock } from '../src/clock.js';
export { VirtualClock, type VirtualClockOptions } from '../src/virtualClock.js';
export {
  BudgetSpentError,
  CostOverCapacityError,
  DeadlineError,
  JournalError,
  JournalLockedError,
  LookUpFailedError,
  OptionsError,
  QueueFullError,
  ReplayError,
  SluiceError,
  StoreLostError,
  TaskFailedError,
  TaskLostError,
} from '../src/errors.js';
export { isPermanent, type Classify, type Refusal, type RefusalMeaning } from '../src/refusal.js';
export type {
  CallOptions,
  PollAnswer,
  RemoteTask,
  TaskApi,
  TaskOutput,
  TaskRef,
  TaskUpdate,
  TaskUpdates,
} from '../src/tasks/taskApi.js';
export type { Journal, JournaledOutcome, JournaledTask, JournalEntry, JournalHistory } from '../src/journal/journal.js';
