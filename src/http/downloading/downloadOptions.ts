import type { Dispatcher } from 'undici';
import * as z from 'zod';
import { systemClock, type Clock } from '../../clock.js';
import { having, nonEmpty, parseSecretOptions, positiveCount, positiveMs } from '../../options.js';

export interface DownloadOptions {
  /** An http or https URL without user and password; it may be signed: its query is never shown anywhere. */
  readonly url: string | URL;
  /** Where it goes: a path in a folder that is there. */
  readonly file: string;
  /** Whether a file that is there already is fetched anew; it stays until the new one is whole. @defaultValue false */
  readonly overwrite?: boolean | undefined;
  /** The longest time in which nothing comes, in ms (over 0). @defaultValue 30_000 */
  readonly timeoutMs?: number | undefined;
  /** The longest file that is taken, in bytes (at least 1). @defaultValue no limit */
  readonly maxBytes?: number | undefined;
  /** Ends the download, which rejects with its reason; what came is kept. */
  readonly signal?: AbortSignal | undefined;
  /** A dispatcher of yours, of undici 7 or later, closed by you. @defaultValue a keep-alive pool that all downloads share */
  readonly dispatcher?: Dispatcher | undefined;
  /** @defaultValue systemClock */
  readonly clock?: Clock | undefined;
}

const wrongUrl = { error: 'must be an http or https URL without user and password' };

const downloadOptions = z.strictObject({
  url: z
    .union([z.string(), z.instanceof(URL)], wrongUrl)
    .transform(String)
    .refine(isPlainHttp, wrongUrl),
  file: nonEmpty,
  overwrite: z.boolean().default(false),
  timeoutMs: z._default(positiveMs, 30_000),
  maxBytes: z._default(positiveCount, Number.MAX_SAFE_INTEGER),
  signal: z.optional(having<AbortSignal>('throwIfAborted')),
  dispatcher: z.optional(having<Dispatcher>('compose')),
  clock: z._default(having<Clock>('schedule'), systemClock),
});

export type ParsedDownloadOptions = z.output<typeof downloadOptions>;

/** @throws OptionsError that shows nothing of what was given */
export function parseDownloadOptions(value: unknown): ParsedDownloadOptions {
  return parseSecretOptions(downloadOptions, value, 'download');
}

function isPlainHttp(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password } = new URL(value);
  return /^https?:$/.test(protocol) && username + password === '';
}
