import type { GenerateResult } from '../operators/index.js';
import type { JournaledTask } from '../src/journal/index.js';
import { jsonLine, promptText } from './text.js';

/** What a line tells of a result. */
type Told = Pick<GenerateResult<unknown>, 'index' | 'id' | 'status' | 'outputs' | 'attempts' | 'endedAtMs'> & {
  readonly prompt: unknown;
  readonly taskId?: string | undefined;
  readonly submittedAtMs?: number | undefined;
  readonly error?: { readonly meaning: string; readonly code: string; readonly message: string } | undefined;
};

/** The line of a result; `prompt` is the text of the prompt, '' where the request has none. */
export function resultLine(result: Told): string {
  const { index, id, prompt, status, taskId, outputs, attempts, submittedAtMs, endedAtMs, error } = result;
  const text = promptText(prompt);
  return jsonLine({ index, id, prompt: text, status, taskId, outputs, attempts, submittedAtMs, endedAtMs, error });
}

/** The same of a task that an earlier run has brought to its end; undefined where it has not. */
export function journaledLine({ index, id, prompt, outcome }: JournaledTask): string | undefined {
  return outcome && resultLine({ index, id, prompt, ...outcome });
}
