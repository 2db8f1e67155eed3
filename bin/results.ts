import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { GenerateResult } from '../operators/index.js';
import type { KlingRequest } from '../src/kling/index.js';
import { UsageError } from './usageError.js';

/** How much is written, and taken back, to see that there is room. */
const probeBytes = 4_096;

/** The line of a result; `prompt` is the text of the prompt, '' where the request has none. */
export function resultLine(result: GenerateResult<KlingRequest>): string {
  const { index, id, prompt, status, taskId, outputs, attempts, submittedAtMs, endedAtMs, error } = result;
  const text = prompt.prompt ?? '';
  return JSON.stringify({
    ...{ index, id, prompt: text, status, taskId, outputs, attempts, submittedAtMs, endedAtMs, error },
  });
}

/** `results.jsonl`: a line is in it, whole, as soon as `append` has returned. */
export class ResultsFile {
  readonly path: string;
  readonly #file: number;
  readonly #isRegular: boolean;

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
    this.#isRegular = fstatSync(file).isFile();
  }

  /**
   * Opens `results.jsonl` in `directory`, which is made where it is missing, and proves that it can be written. Results
   * that are there already stay there, and are an error; only a simulated run replaces those of another simulated run.
   *
   * @throws UsageError
   */
  static open(directory: string, { simulated }: { readonly simulated: boolean }): ResultsFile {
    const path = join(directory, 'results.jsonl');
    try {
      mkdirSync(directory, { recursive: true });
      keepResults(path, simulated);
      const results = new ResultsFile(path, openSync(path, 'a'));
      if (results.#isRegular) results.#probe();
      return results;
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`${path} cannot be written (${why}): choose another --out; nothing was submitted`, {
        cause: error,
      });
    }
  }

  /** Writes one line; where it cannot be written whole, nothing of it stays. @throws the error of the file system */
  append(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      if (this.#isRegular && written > 0) ftruncateSync(this.#file, fstatSync(this.#file).size - written);
      throw error;
    }
  }

  /** Brings all of it to the disk. @throws the error of the file system */
  close(): void {
    try {
      if (this.#isRegular) fsyncSync(this.#file);
    } finally {
      closeSync(this.#file);
    }
  }

  #probe(): void {
    try {
      writeSync(this.#file, Buffer.alloc(probeBytes, ' '));
    } finally {
      ftruncateSync(this.#file, 0);
    }
  }
}

function keepResults(path: string, simulated: boolean): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size === 0) return;
  if (!simulated || !isSimulated(readFileSync(path, 'utf8'))) {
    throw new UsageError(`${path} holds results already: move it away, or choose another --out; nothing was submitted`);
  }
  truncateSync(path);
}

/** True where every output is in a simulator on this machine: nobody has paid for it. */
function isSimulated(results: string): boolean {
  const urls = results.match(/"url":"[^"]*"/g) ?? [];
  return urls.length > 0 && urls.every((url) => url.startsWith('"url":"http://127.0.0.1:'));
}
