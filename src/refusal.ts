import { throwApart } from './throwApart.js';

/**
 * What a refusal means, whatever status it came with.
 *
 * | meaning | what to do |
 * |---|---|
 * | `too-fast` | wait; the hint is a floor. Nothing was created |
 * | `no-slot` | wait for a slot or the backoff; spends no attempt. Nothing was created |
 * | `exhausted` | stop that product: its credits are used up |
 * | `account`, `invalid`, `policy` | permanent: the account, the request, the content |
 * | `auth-stale` | sign anew once |
 * | `transient` | try again after the backoff. Nothing was created |
 * | `ambiguous` | the task may exist: look it up before anything else |
 * | `duplicate` | it exists: adopt it |
 */
export type RefusalMeaning =
  | 'too-fast'
  | 'no-slot'
  | 'exhausted'
  | 'account'
  | 'invalid'
  | 'policy'
  | 'auth-stale'
  | 'transient'
  | 'ambiguous'
  | 'duplicate';

export interface Refusal {
  readonly meaning: RefusalMeaning;
  /** How long the server asked to wait, in ms: a floor, never cut short. What is no span of time counts as none. */
  readonly hintMs?: number;
  /** The base of the backoff that suits this refusal, in ms, where it differs from the caller's; read as the hint is. */
  readonly baseMs?: number;
}

/** Finds the meaning of an error. Each API brings its own. */
export type Classify = (error: unknown) => Refusal;

const permanent: ReadonlySet<RefusalMeaning> = new Set(['exhausted', 'account', 'invalid', 'policy']);

/** True where trying again can never help. */
export function isPermanent(refusal: Refusal): boolean {
  return permanent.has(refusal.meaning);
}

/** A meaning alone stands for a refusal that says no more. */
export function asRefusal(found: Refusal | RefusalMeaning): Refusal {
  return typeof found === 'string' ? { meaning: found } : found;
}

/** A classifier that throws is a mistake of the program: told as one, and nothing is known of the error. */
export function classified(classify: Classify, error: unknown): Refusal | undefined {
  try {
    return classify(error);
  } catch (thrown) {
    throwApart(thrown);
    return undefined;
  }
}
