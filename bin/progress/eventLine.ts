import type { GenerateResult, Refusal } from '../../operators/index.js';
import { byFlags, clean, crop, messageOf } from '../text.js';
import { formatDuration } from '../units.js';
import type { RunEvent } from './progress.js';

const promptColumns = 60;
const messageColumns = 240;

/** One plain line for an event that matters to people; undefined for the rest. */
export function eventLine(event: RunEvent, prompt: string): string | undefined {
  const name = `#${event.index + 1}`;
  switch (event.type) {
    case 'queued':
    case 'submitting':
    case 'processing':
      return undefined;
    case 'adopted':
      return `${name} ${adopted(event.taskId)}: ${crop(clean(prompt), promptColumns)}`;
    case 'submitted':
      return `${name} submitted as ${clean(event.remote.ref.id)}: ${crop(clean(prompt), promptColumns)}`;
    case 'looking-up':
      return `${name} the answer was lost: looking for it by its id ${clean(event.id)}`;
    case 'refused':
      return `${name} refused (${event.refusal.meaning}${hintOf(event.refusal)}): ${brief(messageOf(event.error))}`;
    case 'retrying':
      return `${name} tries again in ${formatDuration(event.delayMs)}`;
    case 'ended':
      // The start has said how many there are.
      return event.result.isEarlier === true ? undefined : `${name} ${endOf(event.result)}`;
    case 'saved':
      return `${name} saved as ${clean(event.file)}`;
    case 'unsaved':
      return `${name} could not be saved from ${clean(event.url)}: ${crop(clean(event.message), messageColumns)}`;
  }
}

function adopted(taskId: string | undefined): string {
  if (taskId === undefined) return 'may have been sent by an earlier run: looking for it';
  return `taken over from an earlier run as ${clean(taskId)}`;
}

function endOf({ status, isFinal, submittedAtMs, endedAtMs, outputs, error }: GenerateResult<unknown>): string {
  const after = submittedAtMs === undefined ? '' : ` after ${formatDuration(endedAtMs - submittedAtMs)}`;
  if (error !== undefined) {
    const what = isFinal ? 'failed' : 'not finished';
    return `${what}${after} (${error.meaning}): ${brief(error.message)}`;
  }
  return `${status}${after}: ${outputs.map(({ url }) => clean(url)).join(' ')}`;
}

/** Where a poll is refused, nothing else says how long nobody asks again. */
function hintOf({ hintMs = 0 }: Refusal): string {
  return hintMs > 0 ? `, not before ${formatDuration(hintMs)}` : '';
}

function brief(message: string): string {
  return crop(clean(byFlags(message)), messageColumns);
}
