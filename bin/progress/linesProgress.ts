import { summaryLines, type Summary } from '../summary.js';
import { harmless } from '../text.js';
import { eventLine } from './eventLine.js';
import type { Output, Progress, RunEvent } from './progress.js';

/** Plain lines, for logs and pipes: no control codes, nothing is ever redrawn. */
export class LinesProgress implements Progress {
  readonly #output: Output;
  readonly #promptAt: ((index: number) => string) | undefined;

  /** @param promptAt the texts of the prompts; without them events are not shown */
  constructor(output: Output, promptAt?: (index: number) => string) {
    this.#output = output;
    this.#promptAt = promptAt;
  }

  event(event: RunEvent): void {
    if (this.#promptAt === undefined) return;
    const line = eventLine(event, this.#promptAt(event.index));
    if (line !== undefined) this.print(line);
  }

  note(text: string): void {
    this.print(harmless(text));
  }

  print(line: string): void {
    this.#output.write(`${line}\n`);
  }

  close(summary?: Summary): void {
    if (summary !== undefined) this.print(summaryLines(summary).join('\n'));
  }
}
