import * as z from 'zod';
import { systemClock, type Clock } from '../../clock.js';
import { durationMs, having, parseSecretOptions, positiveCount, positiveMs } from '../../options.js';

export interface ReceiveCallbacksOptions {
  /**
   * What Kling signs with, as it hands it out (`whsec_` and base64); several while one takes over from another. Never
   * shown anywhere. Without one nothing is checked, and every update is a mere hint.
   */
  readonly secret?: string | readonly string[] | undefined;
  /** How far the time of a callback may be from `clock`, either way, in ms (at least 0). @defaultValue 300_000 */
  readonly toleranceMs?: number | undefined;
  /** The longest body that is read, in bytes (at least 1). @defaultValue 1_048_576 */
  readonly maxBodyBytes?: number | undefined;
  /** The time that a whole body may take, in ms (over 0). @defaultValue 10_000 */
  readonly timeoutMs?: number | undefined;
  /** The one path that callbacks come to, as it is sent, without a query. @defaultValue any */
  readonly path?: string | undefined;
  /** @defaultValue systemClock */
  readonly clock?: Clock | undefined;
}

const wrongSecret = { error: 'must be whsec_ and base64, or a list of such secrets' };
const secret = z.string().regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, wrongSecret);

const callbackOptions = z.strictObject({
  secret: z
    .union([secret, z.tuple([secret], secret)], wrongSecret)
    .transform((secrets) => [secrets].flat())
    .default([]),
  toleranceMs: z._default(durationMs, 300_000),
  maxBodyBytes: z._default(positiveCount, 1_024 * 1_024),
  timeoutMs: z._default(positiveMs, 10_000),
  path: z
    .string()
    .regex(/^\/[^?#]*$/, { error: 'must begin with / and have no query' })
    .optional(),
  clock: z._default(having<Clock>('schedule'), systemClock),
});

/** @throws OptionsError that shows nothing of what was given */
export function parseCallbackOptions(value: unknown): z.output<typeof callbackOptions> {
  return parseSecretOptions(callbackOptions, value, 'receiveCallbacks');
}
