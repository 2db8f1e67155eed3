import type { GenerateResult } from '../operators/index.js';
import type { JournalHistory } from '../src/journal/index.js';
import type { KlingRequest } from '../src/kling/index.js';
import type { Downloads } from './downloads.js';
import { resultLine } from './resultLine.js';
import type { ResultsFile } from './results.js';
import type { Roster } from './roster.js';

export interface KeeperOptions {
  readonly roster: Roster;
  readonly results: ResultsFile;
  readonly downloads: Downloads | undefined;
  /** Told of each time that the results cannot be written. */
  readonly onUnwritten: (path: string, error: unknown) => void;
  /** Shows a line that could not be written: it is paid for. */
  readonly print: (line: string) => void;
}

/** Puts away what a run brings in: a line for each result that is for good, its outputs as files where that is asked for. */
export class Keeper {
  readonly #options: KeeperOptions;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  keep(result: GenerateResult<KlingRequest>): void {
    if (!result.isFinal) return;
    const { results, downloads, onUnwritten, print } = this.#options;
    const placed = { ...result, index: this.#placeOf(result) };
    const line = resultLine(placed);
    try {
      results.add(result.id, line);
    } catch (error) {
      onUnwritten(results.path, error);
      print(line);
    }
    if (result.isEarlier !== true) downloads?.add(placed);
  }

  /** What earlier runs have made, and not saved. */
  keepEarlier({ tasks }: JournalHistory): void {
    for (const task of tasks) {
      if (task.outcome === undefined) continue;
      const { id, outcome } = task;
      this.#options.downloads?.add({ id, index: this.#placeOf(task), outputs: outcome.outputs });
    }
  }

  /** Brings the results to the disk. */
  flush(): void {
    const { results, onUnwritten } = this.#options;
    try {
      results.close();
    } catch (error) {
      onUnwritten(results.path, error);
    }
  }

  #placeOf({ id, index }: { readonly id: string; readonly index: number }): number {
    return this.#options.roster.placeOf(id) ?? index;
  }
}
