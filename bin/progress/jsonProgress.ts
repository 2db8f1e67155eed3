import type { GenerateEvent } from '../../operators/index.js';
import type { Summary } from '../summary.js';
import type { Output, Progress } from './progress.js';

/**
 * A JSON object a line, for programs: each event by its `type`, `index`, `id` and `atMs`, with what belongs to it;
 * `note` with a `message`; and at the end one `summary`.
 */
export class JsonProgress implements Progress {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  event(event: GenerateEvent): void {
    const { type, index, id, atMs } = event;
    this.print(JSON.stringify({ type, index, id, atMs, ...detailsOf(event) }));
  }

  note(text: string): void {
    this.print(JSON.stringify({ type: 'note', message: text }));
  }

  print(line: string): void {
    this.#output.write(`${line}\n`);
  }

  close(summary?: Summary): void {
    if (summary !== undefined) this.print(JSON.stringify({ type: 'summary', ...summary }));
  }
}

function detailsOf(event: GenerateEvent): object {
  switch (event.type) {
    case 'queued':
    case 'submitting':
    case 'looking-up':
      return {};
    case 'submitted':
    case 'processing':
      return { taskId: event.remote.ref.id };
    case 'refused':
      return { ...event.refusal, message: event.error instanceof Error ? event.error.message : String(event.error) };
    case 'retrying':
      return { meaning: event.refusal.meaning, delayMs: event.delayMs };
    case 'ended': {
      const { status, taskId, outputs, attempts, error } = event.result;
      return { status, taskId, outputs, attempts, error };
    }
  }
}
