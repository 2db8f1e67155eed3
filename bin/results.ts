import {
  closeSync,
  existsSync,
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
import { cannotBeWritten, UsageError } from './usageError.js';

/** How much is written, and taken back, to see that there is room. */
const probeBytes = 4_096;

/** `results.jsonl`: a line is in it, whole, as soon as `add` has returned; and one line for each id. */
export class ResultsFile {
  readonly path: string;
  readonly #file: number;
  readonly #isRegular: boolean;
  readonly #ids: Set<string>;

  private constructor(path: string, file: number) {
    this.path = path;
    this.#file = file;
    this.#isRegular = fstatSync(file).isFile();
    this.#ids = new Set(this.#isRegular ? this.#found() : []);
  }

  /**
   * Opens `results.jsonl` in `directory` to go on with it, and proves that there is room for more. The lines that are there
   * stay, but for a last one that was not written to its end.
   *
   * @throws UsageError
   */
  static open(directory: string): ResultsFile {
    return opened(directory, (path) => {
      // Prompts are private.
      const results = new ResultsFile(path, openSync(path, 'a+', 0o600));
      if (results.#isRegular) results.#probe();
      return results;
    });
  }

  /**
   * Opens it for a simulated run, which replaces the results of another one. Any others stay there, and are an error.
   *
   * @throws UsageError
   */
  static replace(directory: string): ResultsFile {
    const path = pathIn(directory);
    opened(directory, () => {
      if (hasResults(path) && !isUnpaid(readFileSync(path, 'utf8'))) throw alreadyThere(path);
      if (hasResults(path)) truncateSync(path);
    });
    return ResultsFile.open(directory);
  }

  /**
   * Writes one line, unless there is one of this id; where it cannot be written whole, nothing of it stays.
   *
   * @throws the error of the file system
   */
  add(id: string, line: string): void {
    if (this.#ids.has(id)) return;
    this.#write(Buffer.from(`${line}\n`));
    this.#ids.add(id);
  }

  /** Brings all of it to the disk. @throws the error of the file system */
  close(): void {
    try {
      if (this.#isRegular) fsyncSync(this.#file);
    } finally {
      closeSync(this.#file);
    }
  }

  /** The ids of the lines that are there; takes away what a run that was killed has left of its last. */
  #found(): readonly string[] {
    const bytes = readFileSync(this.#file);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end < bytes.length) ftruncateSync(this.#file, end);
    return bytes.toString('utf8', 0, end).split('\n').flatMap(idOf);
  }

  /** Shows that there is room. */
  #probe(): void {
    const { size } = fstatSync(this.#file);
    this.#write(Buffer.alloc(probeBytes, ' '));
    ftruncateSync(this.#file, size);
  }

  /** All of it, or an error and nothing: a disk that fills up may take a part before it refuses the rest. */
  #write(bytes: Uint8Array): void {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      if (this.#isRegular && written > 0) ftruncateSync(this.#file, fstatSync(this.#file).size - written);
      throw error;
    }
  }
}

/** @throws UsageError where there are results in `directory` */
export function refuseResults(directory: string): void {
  const path = pathIn(directory);
  if (hasResults(path)) throw alreadyThere(path);
}

/** What cannot be written there is a mistake of whoever named the directory. */
function opened<T>(directory: string, open: (path: string) => T): T {
  const path = pathIn(directory);
  try {
    mkdirSync(directory, { recursive: true });
    return open(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw cannotBeWritten(path, error);
  }
}

function pathIn(directory: string): string {
  return join(directory, 'results.jsonl');
}

function hasResults(path: string): boolean {
  if (!existsSync(path)) return false;
  const found = statSync(path);
  return found.isFile() && found.size > 0;
}

function alreadyThere(path: string): UsageError {
  return new UsageError(`${path} holds results already: move it away, or choose another --out; nothing was submitted`);
}

/** What is no result (a note of somebody's) has none. */
function idOf(line: string): readonly string[] {
  try {
    const { id } = JSON.parse(line) as { readonly id?: unknown };
    return typeof id === 'string' ? [id] : [];
  } catch {
    return [];
  }
}

/** True where every output is in a simulator on this machine, or all has failed and there is none: nobody has paid for it. */
function isUnpaid(results: string): boolean {
  const urls = results.match(/"url":"[^"]*"/g) ?? [];
  if (urls.length === 0) return results.trimEnd().split('\n').every(isFailure);
  return urls.every((url) => url.startsWith('"url":"http://127.0.0.1:'));
}

function isFailure(line: string): boolean {
  try {
    return (JSON.parse(line) as { readonly status?: unknown }).status === 'failed';
  } catch {
    return false;
  }
}
