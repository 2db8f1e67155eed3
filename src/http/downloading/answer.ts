import { DownloadError } from '../../errors.js';
import { parseHttpDate } from '../httpDate.js';
import { valuesOf, type HttpHeaders } from '../httpHeaders.js';
import { readHint } from '../rateLimits.js';
import { isPage } from './content.js';
import type { FoundPart, PartOrigin } from './part.js';

/** The head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: HttpHeaders;
}

/** What an answer brings. `bytes` is how long the whole file is, where that is said. */
export type Bringing =
  | { readonly type: 'whole'; readonly bytes: number | undefined; readonly origin: PartOrigin | undefined }
  /** What follows on `part`. */
  | { readonly type: 'rest'; readonly bytes: number; readonly part: FoundPart }
  /** The word that `part` is all there is. */
  | { readonly type: 'nothing-more'; readonly bytes: number; readonly part: FoundPart }
  /** Something that our part is no part of: to be asked for from its start. */
  | { readonly type: 'other' }
  /** No part of a file: `gone`, `refused`, `wrong-content`. */
  | { readonly type: 'refusal'; readonly error: DownloadError };

/** What to ask for: all, or what follows on `part` if that is still a part of the same. */
export function headersFor(part: FoundPart | undefined): Record<string, string> {
  const range = part && { range: `bytes=${part.partBytes}-`, 'if-range': part.validator };
  return { accept: '*/*', 'accept-encoding': 'identity', ...range };
}

export function readAnswer(head: AnswerHead, url: string, part: FoundPart | undefined, nowEpochMs: number): Bringing {
  const { status, headers } = head;
  if (status === 416 && part !== undefined) {
    const bytes = lengthInRange(headers);
    const isAll = bytes === part.partBytes && isOfTheSame(headers, part);
    return isAll ? { type: 'nothing-more', bytes, part } : { type: 'other' };
  }
  if (status !== 200 && status !== 206) return { type: 'refusal', error: refusalIn(head, url, nowEpochMs) };
  const error = wrongContentIn(head, url);
  if (error !== undefined) return { type: 'refusal', error };
  if (status === 206) {
    if (part === undefined || !isItsRest(headers, part)) return { type: 'other' };
    const bytes = lengthInRange(headers) ?? part.bytes;
    // A server may send less than the rest: where nobody says how long the whole is, nothing would tell.
    return bytes === undefined ? { type: 'other' } : { type: 'rest', bytes, part };
  }
  const bytes = lengthOf(headers);
  const validator = validatorIn(headers, nowEpochMs);
  return { type: 'whole', bytes, origin: validator === undefined ? undefined : { url, validator, bytes } };
}

function refusalIn({ status, headers }: AnswerHead, url: string, nowEpochMs: number): DownloadError {
  const retryAfterMs = readHint(headers, nowEpochMs);
  if (status === 403 || status === 404 || status === 410) {
    const why =
      'results are kept for 30 days, and a signed URL holds for less: ask for the task again to get a new one';
    return new DownloadError(`${url} is not there, or not any more (HTTP ${status}): ${why}`, {
      kind: 'gone',
      status,
      url,
    });
  }
  const wait = retryAfterMs === undefined ? '' : `, to be tried again in ${retryAfterMs} ms`;
  return new DownloadError(`${url}: HTTP ${status}${wait}`, { kind: 'refused', status, url, retryAfterMs });
}

function wrongContentIn({ status, headers }: AnswerHead, url: string): DownloadError | undefined {
  const type = first(headers, 'content-type') ?? '';
  const encoding = first(headers, 'content-encoding') ?? '';
  const wrong = isPage(type) ? `is ${type}` : /^(identity)?$/i.test(encoding) ? undefined : `is encoded (${encoding})`;
  if (wrong === undefined) return undefined;
  const message = `${url}: what came ${wrong}, and is so not what was asked for`;
  return new DownloadError(message, { kind: 'wrong-content', status, url });
}

/** An ETag that is not weak and can be sent back, or else a date that is a second older than the answer at least (RFC 9110, 8.8.2.2). */
function validatorIn(headers: HttpHeaders, nowEpochMs: number): string | undefined {
  const etag = first(headers, 'etag');
  if (etag !== undefined && /^"[\x20\x21\x23-\x7e\x80-\xff]*"$/.test(etag)) return etag;
  const modified = first(headers, 'last-modified');
  const modifiedAtMs = parseHttpDate(modified ?? '', nowEpochMs);
  const sentAtMs = parseHttpDate(first(headers, 'date') ?? '', nowEpochMs);
  if (modifiedAtMs === undefined || sentAtMs === undefined) return undefined;
  return sentAtMs - modifiedAtMs >= 1_000 ? modified : undefined;
}

/** Whether it begins where `part` ends, and is of the same. */
function isItsRest(headers: HttpHeaders, part: FoundPart): boolean {
  const [, start] = /^bytes (\d+)-\d+\/(?:\d+|\*)$/i.exec(first(headers, 'content-range') ?? '') ?? [];
  return start !== undefined && Number(start) === part.partBytes && isOfTheSame(headers, part);
}

/** Not every server heeds `If-Range`: only one that repeats what it said of `part` still has the same. */
function isOfTheSame(headers: HttpHeaders, part: FoundPart): boolean {
  if (first(headers, part.validator.startsWith('"') ? 'etag' : 'last-modified') !== part.validator) return false;
  const bytes = lengthInRange(headers);
  return bytes === undefined || part.bytes === undefined || bytes === part.bytes;
}

/** The length of the whole, where `Content-Range` says it. */
function lengthInRange(headers: HttpHeaders): number | undefined {
  const [, bytes] = /^bytes (?:\d+-\d+|\*)\/(\d+)$/i.exec(first(headers, 'content-range') ?? '') ?? [];
  return countOf(bytes);
}

function lengthOf(headers: HttpHeaders): number | undefined {
  const length = first(headers, 'content-length');
  return countOf(/^\d+$/.exec(length ?? '')?.[0]);
}

/** Undefined, too, for more than a number holds exactly. */
function countOf(digits: string | undefined): number | undefined {
  const count = Number(digits ?? NaN);
  return Number.isSafeInteger(count) ? count : undefined;
}

function first(headers: HttpHeaders, name: string): string | undefined {
  return valuesOf(headers, name)[0]?.trim();
}
