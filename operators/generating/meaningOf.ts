import { LookUpFailedError, TaskLostError } from '../../src/errors.js';
import { asRefusal, classified, type Classify, type Refusal, type RefusalMeaning } from '../../src/refusal.js';
import { StrangeAnswer } from './answers.js';

/**
 * What an error of a task means: by the API, or by ourselves where it is our own.
 *
 * @param unknown what it means where the API cannot tell
 */
export function meaningOf(
  api: { readonly classify: Classify },
  error: unknown,
  unknown: RefusalMeaning = 'transient',
): Refusal {
  const isOurOwn =
    error instanceof TaskLostError || error instanceof LookUpFailedError || error instanceof StrangeAnswer;
  return isOurOwn ? { meaning: 'invalid' } : asRefusal(classified((it) => api.classify(it), error) ?? unknown);
}
