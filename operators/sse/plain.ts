import { SluiceError } from '../../src/errors.js';
import type { LimiterEvent, LimiterSnapshot, LimitUsage } from '../../src/limiter/events.js';
import type { Refusal } from '../../src/refusal.js';
import type { GenerateEvent } from '../generating/generateEvents.js';

/** An error as plain data: nothing of its stack, its cause or its other fields. */
export interface PlainError {
  /** The error's stable `code`, or its name. */
  readonly code: string;
  readonly message: string;
  /** What it was taken to mean, where that is known. */
  readonly meaning?: Refusal['meaning'];
}

/** A limit's usage, where `resetsAtMs` is null for an instant that is not known, or never comes. */
export type PlainUsage = Omit<LimitUsage, 'resetsAtMs'> & { readonly resetsAtMs: number | null };

/** A limiter's snapshot that JSON holds without a loss. */
export type PlainSnapshot = Omit<LimiterSnapshot, 'limits'> & { readonly limits: readonly PlainUsage[] };

/** The same event with `error` and `usage` as plain data. */
export type PlainEvent<E> = E extends unknown
  ? Omit<E, 'error' | 'usage'> &
      (E extends { readonly error: unknown } ? { readonly error: PlainError } : unknown) &
      (E extends { readonly usage: LimitUsage } ? { readonly usage: PlainUsage } : unknown)
  : never;

/**
 * What happens to a task or in a limiter, as data that JSON holds without a loss: an error is its code, its message and its
 * meaning, an instant that never comes is null. A prompt in the result of an ended task is as it was handed in.
 */
export function plainEvent<E extends GenerateEvent | LimiterEvent>(event: E): PlainEvent<E>;
export function plainEvent(event: GenerateEvent | LimiterEvent): unknown {
  switch (event.type) {
    case 'refused':
      return 'error' in event ? { ...event, error: plainError(event.error, event.refusal.meaning) } : { ...event };
    case 'store-lost':
      return { ...event, error: plainError(event.error) };
    case 'warning':
      return { ...event, usage: plainUsage(event.usage) };
    default:
      return { ...event };
  }
}

/** How far each limit is used, as data that JSON holds without a loss. */
export function plainSnapshot({ limits, ...snapshot }: LimiterSnapshot): PlainSnapshot {
  return { ...snapshot, limits: limits.map(plainUsage) };
}

/** An error as plain data. Its message is kept: hand it to those alone who may read it. */
export function plainError(error: unknown, meaning?: Refusal['meaning']): PlainError {
  const known = meaning === undefined ? {} : { meaning };
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error), ...known };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return { code, message: error.message, ...known };
}

/** As `plainError`, for anybody's eyes: only sluice's own errors, which hold no secrets, say what has happened. */
export function publicError(error: unknown): PlainError {
  return error instanceof SluiceError ? plainError(error) : { code: 'UNKNOWN', message: 'the stream has failed' };
}

function plainUsage(usage: LimitUsage): PlainUsage {
  const { resetsAtMs } = usage;
  return { ...usage, resetsAtMs: Number.isFinite(resetsAtMs) ? resetsAtMs : null };
}
