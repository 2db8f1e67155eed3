import { codeOf } from '../codeOf.js';

/** The code of an error of a dispatcher, and no more: its message and its cause may hold the URL, or the request's headers. */
export function shownCode(error: unknown): string {
  const code = codeOf(error);
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : 'no reason given';
}
