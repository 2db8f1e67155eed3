import { DownloadError, OptionsError } from '../errors.js';
import type { Refusal } from '../refusal.js';

/**
 * The meaning of what `download` rejects with, for `retryWithJitter`:
 *
 * | error | meaning | backoff from |
 * |---|---|---|
 * | 429 | `too-fast` | 1 s, or as the answer asks |
 * | 408, 425, 5xx | `transient` | 2 s, or as the answer asks |
 * | `incomplete`, `timed-out`, `wrong-content`, `busy` | `transient` | |
 * | any other status, a redirect that leads nowhere, `gone`, `too-large`, `not-saved`, an OptionsError | `invalid` | |
 *
 * Anything else, a signal's reason too, is `transient`.
 */
export function classifyDownload(error: unknown): Refusal {
  if (error instanceof OptionsError) return { meaning: 'invalid' };
  if (!(error instanceof DownloadError)) return { meaning: 'transient' };
  if (error.kind === 'refused') return meaningOfStatus(error);
  const isPermanent = error.kind === 'gone' || error.kind === 'too-large' || error.kind === 'not-saved';
  return { meaning: isPermanent ? 'invalid' : 'transient' };
}

function meaningOfStatus({ status = 0, retryAfterMs }: DownloadError): Refusal {
  const hint = retryAfterMs === undefined ? {} : { hintMs: retryAfterMs };
  if (status === 429) return { meaning: 'too-fast', baseMs: 1_000, ...hint };
  if (status === 408 || status === 425 || status >= 500) return { meaning: 'transient', baseMs: 2_000, ...hint };
  return { meaning: 'invalid' };
}
