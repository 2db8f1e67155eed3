import { OptionsError } from '../errors.js';
import type { Refusal, RefusalMeaning } from '../refusal.js';
import { KlingError } from './errors.js';
import { klingCodes } from './klingCodes.js';

/** The base of the backoff after a fault of the server, in ms (the source document's; 1 s after a 429). */
const serverFaultBaseMs = 2_000;

/**
 * What an error of the client means: by the code in the body first, by the HTTP status second.
 *
 * Whatever may have made a task is `ambiguous` for a submit and `transient` for a read. An answer that cannot be
 * understood (unknown shape or status) is permanent for a read; for a submit it is `ambiguous`, since the task exists.
 * An error that is none of ours is `ambiguous`: looking first is never wrong.
 */
export function classify(error: unknown): Refusal {
  if (error instanceof OptionsError) return { meaning: 'invalid' };
  if (!(error instanceof KlingError)) return { meaning: 'ambiguous' };
  return {
    meaning: meaningOf(error),
    ...(error.retryAfterMs !== undefined && { hintMs: error.retryAfterMs }),
    ...(isServerFault(error) && { baseMs: serverFaultBaseMs }),
  };
}

/** True where Kling itself says that there is no such task; a bare 404 may be anybody's. */
export function saysAbsent(error: unknown): boolean {
  if (!(error instanceof KlingError)) return false;
  return error.klingCode === 1203 || (error.klingCode === 1201 && /not found/i.test(error.klingMessage ?? ''));
}

function meaningOf(error: KlingError): RefusalMeaning {
  const { kind, call, klingCode, status } = error;
  if (kind === 'not-sent') return 'transient';
  if (kind === 'unknown-shape' || kind === 'unknown-status') return call === 'submit' ? 'ambiguous' : 'invalid';
  if (saysDuplicate(error)) return 'duplicate';
  const documented = klingCode === undefined ? undefined : klingCodes.get(klingCode)?.meaning;
  if (documented === 'auth-stale' && error.signedAnew) return 'account';
  const meaning = documented ?? meaningOfStatus(status, error);
  if (meaning !== 'unsure') return meaning;
  return call === 'submit' ? 'ambiguous' : 'transient';
}

function saysDuplicate({ call, klingCode, klingMessage = '' }: KlingError): boolean {
  return call === 'submit' && klingCode === 1201 && /already exists?/i.test(klingMessage);
}

/** What an edge or a proxy refuses for what the request itself is like. */
const ofRequest: ReadonlySet<number> = new Set([400, 413, 414, 415, 422, 431]);

/**
 * For answers without a documented code. A read that met somebody else's page says nothing about the task; and a submit
 * that did says nothing about the prompt, for which all others would be refused as well.
 */
function meaningOfStatus(status: number | undefined, { call, kind }: KlingError): RefusalMeaning | 'unsure' {
  if (status === 429) return 'too-fast';
  if (status === undefined || status < 400 || status >= 500 || status === 408) return 'unsure';
  const isKlings = kind === 'refused';
  if (call === 'read' && !isKlings) return 'unsure';
  if (status === 401) return 'account';
  return isKlings || ofRequest.has(status) ? 'invalid' : 'account';
}

function isServerFault({ status = 0, klingCode = 0 }: KlingError): boolean {
  return status >= 500 || klingCodes.get(klingCode)?.meaning === 'unsure';
}
