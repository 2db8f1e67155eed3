import type { Summary } from '../summary.js';
import { jsonLine, messageOf } from '../text.js';
import type { Output, Progress, RunEvent } from './progress.js';

/**
 * A JSON object a line, for programs: each event by its `type`, `index`, `id` and (but for downloads) `atMs`, with what belongs to it;
 * `note` with a `message`; and at the end one `summary`.
 */
export class JsonProgress implements Progress {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  event(event: RunEvent): void {
    const { type, index, id } = event;
    const atMs = 'atMs' in event ? { atMs: event.atMs } : {};
    this.print(jsonLine({ type, index, id, ...atMs, ...detailsOf(event) }));
  }

  note(text: string): void {
    this.print(jsonLine({ type: 'note', message: text }));
  }

  print(line: string): void {
    this.#output.write(`${line}\n`);
  }

  close(summary?: Summary): void {
    if (summary !== undefined) this.print(jsonLine({ type: 'summary', ...summary }));
  }
}

function detailsOf(event: RunEvent): object {
  switch (event.type) {
    case 'queued':
    case 'submitting':
    case 'looking-up':
      return {};
    case 'adopted':
      return { taskId: event.taskId, sinceAtMs: event.sinceAtMs };
    case 'submitted':
    case 'processing':
      return { taskId: event.remote.ref.id };
    case 'refused':
      return { ...event.refusal, message: messageOf(event.error) };
    case 'retrying':
      return { meaning: event.refusal.meaning, delayMs: event.delayMs };
    case 'ended': {
      const { status, isFinal, isEarlier, taskId, outputs, attempts, credits, error } = event.result;
      return { status, isFinal, isEarlier, taskId, outputs, attempts, credits, error };
    }
    case 'saved':
      return { file: event.file };
    case 'unsaved':
      return { file: event.file, url: event.url, message: event.message };
  }
}
