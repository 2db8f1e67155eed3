import { LookUpFailedError, TaskLostError } from '../../src/errors.js';
import type { Classify, Refusal } from '../../src/refusal.js';
import { StrangeAnswer } from './answers.js';

/** What an error of a task means: by the API, or by ourselves where it is our own. */
export function meaningOf(api: { readonly classify: Classify }, error: unknown): Refusal {
  const isOurOwn =
    error instanceof TaskLostError || error instanceof LookUpFailedError || error instanceof StrangeAnswer;
  return isOurOwn ? { meaning: 'invalid' } : api.classify(error);
}
