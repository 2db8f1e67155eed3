import type { GenerateEvent, GenerateResult } from '../../operators/index.js';
import { clean, crop } from '../text.js';
import { formatDuration } from '../units.js';

const promptColumns = 60;
const messageColumns = 240;

/** One plain line for an event that matters to people; undefined for the rest. */
export function eventLine(event: GenerateEvent, prompt: string): string | undefined {
  const name = `#${event.index + 1}`;
  switch (event.type) {
    case 'queued':
    case 'submitting':
    case 'processing':
      return undefined;
    case 'submitted':
      return `${name} submitted as ${clean(event.remote.ref.id)}: ${crop(clean(prompt), promptColumns)}`;
    case 'looking-up':
      return `${name} the answer was lost: looking for it by its id ${clean(event.id)}`;
    case 'refused':
      return `${name} refused (${event.refusal.meaning}): ${messageOf(event.error)}`;
    case 'retrying':
      return `${name} tries again in ${formatDuration(event.delayMs)}`;
    case 'ended':
      return `${name} ${endOf(event.result)}`;
  }
}

function endOf({ status, submittedAtMs, endedAtMs, outputs, error }: GenerateResult<unknown>): string {
  const after = submittedAtMs === undefined ? '' : ` after ${formatDuration(endedAtMs - submittedAtMs)}`;
  if (error !== undefined) return `failed${after} (${error.meaning}): ${crop(clean(error.message), messageColumns)}`;
  return `${status}${after}: ${outputs.map(({ url }) => clean(url)).join(' ')}`;
}

function messageOf(error: unknown): string {
  return crop(clean(error instanceof Error ? error.message : String(error)), messageColumns);
}
