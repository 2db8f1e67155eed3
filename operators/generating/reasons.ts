import type { GenerateError, GenerateResult } from './generateEvents.js';

/** Why prompts have no result: how many for the same reason, and the message of the first. */
export interface Reason {
  readonly meaning: GenerateError['meaning'];
  readonly count: number;
  readonly message: string;
}

/** The failures by what they mean, the most frequent first. */
export function reasonsOf(results: Iterable<GenerateResult<unknown>>): readonly Reason[] {
  const reasons = new Map<string, Reason>();
  for (const { error } of results) {
    if (error === undefined) continue;
    const { meaning, message } = error;
    const reason = reasons.get(meaning) ?? { meaning, count: 0, message };
    reasons.set(meaning, { ...reason, count: reason.count + 1 });
  }
  return [...reasons.values()].sort((one, other) => other.count - one.count);
}
