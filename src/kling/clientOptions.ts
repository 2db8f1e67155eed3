import type { Dispatcher } from 'undici';
import * as z from 'zod';
import { systemClock, type Clock } from '../clock.js';
import { callback, having, parseSecretOptions, positiveCount, positiveMs } from '../options.js';
import type { KlingApi, KlingRequest } from './klingRequest.js';

export interface KlingClientOptions {
  /** Which of Kling's two standards to speak. @defaultValue 'v1' */
  readonly api?: KlingApi | undefined;
  /**
   * An API key; or else, for `v1` alone, `accessKey` and `secretKey`, of which short-lived tokens are made. Never shown
   * anywhere.
   */
  readonly apiKey?: string | undefined;
  readonly accessKey?: string | undefined;
  readonly secretKey?: string | undefined;
  /**
   * Where Kling is; a path of it is kept, and comes before those of the API. Keys belong to a region: `https://api-beijing.klingai.com` has others.
   * @defaultValue 'https://api-singapore.klingai.com'
   */
  readonly baseUrl?: string | undefined;
  /** The time that one request may take, its whole answer included, in ms (over 0). @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
  /** The longest answer that is read, in bytes (at least 1). @defaultValue 8_388_608 */
  readonly maxResponseBytes?: number | undefined;
  /** An undici dispatcher of yours (a proxy, say), closed by you. @defaultValue a keep-alive pool that `close` closes */
  readonly dispatcher?: Dispatcher | undefined;
  /** @defaultValue systemClock */
  readonly clock?: Clock | undefined;
  /** What a request will cost, in credits. @defaultValue `estimateCredits`, a rough table */
  readonly creditsFor?: ((request: KlingRequest) => number) | undefined;
}

const key = z.string().regex(/^[\x21-\x7e]+$/, { error: 'must not be empty or hold spaces or line breaks' });

const clientOptions = z
  .strictObject({
    api: z.enum(['v1', 'new']).default('v1'),
    apiKey: key.optional(),
    accessKey: key.optional(),
    secretKey: key.optional(),
    baseUrl: z
      .string()
      .refine(isBaseUrl, { error: 'must be an http or https URL without user, query and fragment' })
      .default('https://api-singapore.klingai.com')
      .transform((url) => url.replace(/\/+$/, '')),
    timeoutMs: z._default(positiveMs, 30_000),
    maxResponseBytes: z._default(positiveCount, 8 * 1_024 * 1_024),
    dispatcher: z.optional(having<Dispatcher>('request')),
    clock: z._default(having<Clock>('schedule'), systemClock),
    creditsFor: z.optional(callback<(request: KlingRequest) => number>()),
  })
  .refine(({ api, accessKey, secretKey }) => api === 'v1' || (accessKey ?? secretKey) === undefined, {
    path: ['accessKey'],
    error: "is for api: 'v1' alone, and so is secretKey: give the new API an apiKey",
  });

/** What a client needs to know, checked. */
export type ClientSettings = z.output<typeof clientOptions>;

/** @throws OptionsError that shows nothing of what was given */
export function parseClientOptions(value: unknown): ClientSettings {
  return parseSecretOptions(clientOptions, value, 'createKlingClient');
}

function isBaseUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && username + password + search + hash === '';
}
