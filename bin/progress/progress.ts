import type { GenerateEvent } from '../../operators/index.js';
import type { DownloadEvent } from '../downloads.js';
import type { Summary } from '../summary.js';

/** What happens in a run; `index` is the place of its prompt. */
export type RunEvent = GenerateEvent | DownloadEvent;

/** Shows a run to whoever started it. */
export interface Progress {
  event(event: RunEvent): void;
  /** Something that people should know, on lines of its own. */
  note(text: string): void;
  /** A line that must come out as it is. */
  print(line: string): void;
  /** Takes away what is drawn and ends with the summary, where there is one. Nothing is shown afterwards. */
  close(summary?: Summary): void;
}

/** Where it is shown: a terminal has a size. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export type ProgressMode = 'auto' | 'bars' | 'lines' | 'json' | 'none';
export const progressModes: readonly ProgressMode[] = ['auto', 'bars', 'lines', 'json', 'none'];
