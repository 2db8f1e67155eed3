import { OptionsError, type Refusal, type RefusalMeaning } from 'sluice';
import { AtelierError, type AtelierErrorDetails } from './atelierError.js';

/** What an error means. What may have made a job is `ambiguous` for a submit, and for a read `transient`. */
export function classify(error: unknown): Refusal {
  if (error instanceof OptionsError) return { meaning: 'invalid' };
  if (!(error instanceof AtelierError)) return { meaning: 'ambiguous' };
  const { hintMs } = error.details;
  return { meaning: meaningOf(error.details), ...(hintMs !== undefined && { hintMs }) };
}

function meaningOf({ call, kind, status = 0, hintMs, usedUp = [] }: AtelierErrorDetails): RefusalMeaning {
  const unsure = call === 'submit' ? 'ambiguous' : 'transient';
  if (kind === 'not-sent') return 'transient';
  if (kind === 'not-understood') return call === 'submit' ? 'ambiguous' : 'invalid';
  // Atelier Nowhere says when it will do what it has not done; without that, a 503 is anybody's.
  if (status === 503 && hintMs !== undefined) return usedUp.includes('jobs') ? 'no-slot' : 'too-fast';
  if (kind === 'lost' || status >= 500 || status === 408) return unsure;
  if (status === 409) return call === 'submit' ? 'duplicate' : 'transient';
  return byStatus.get(status) ?? 'invalid';
}

const byStatus: ReadonlyMap<number, RefusalMeaning> = new Map([
  [401, 'account'],
  [402, 'exhausted'],
  [403, 'account'],
  [429, 'too-fast'],
  [451, 'policy'],
]);
