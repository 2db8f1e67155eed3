import { JournalError } from '../errors.js';
import { decodeEntry, decodeHeader, journalFormat, type StoredEntry } from './entries.js';
import { decodeLines, type Gap, type Line } from './records.js';

/** What a journal's file has in it. */
export interface Recovered {
  readonly runId: string;
  readonly entries: readonly StoredEntry[];
  /** The lines' records, as they stand there, the header first. */
  readonly jsons: readonly string[];
  /** What cannot be read. */
  readonly gaps: readonly Gap[];
}

/** What becomes of a file that has lost lines which were on disk for good. */
export type DamagePolicy = 'refuse' | 'skip';

/**
 * Reads a journal's file, as a crash, or worse, has left it. A line that can be read is never dropped, wherever it is.
 *
 * A group of lines that was not on disk for good when the machine stopped may be there in parts: nobody was told that
 * any of them is, so the rest of them is no loss. A line in which a later one trusts (`syncedBytes`) was: that it is
 * gone is damage, and money may hang on it. (The last group may have been on disk, too, and be damaged: nothing in the
 * file could tell. Its tasks are found again as their prompts come: they are sent under the ids they had.)
 *
 * @throws JournalError for damage, unless it is to be skipped; for a file that is no journal, or of a newer format
 */
export function recover(bytes: Uint8Array, file: string, damage: DamagePolicy): Recovered {
  const { lines, gaps } = decodeLines(bytes);
  const [head, ...rest] = lines;
  const runId = readHeader(head, file);
  const lost = damageOf(lines, gaps);
  if (lost !== undefined && damage === 'refuse') refuse(lost, file);
  const entries = rest.map(({ atByte, json }) => reading(file, atByte, () => decodeEntry(json)));
  return { runId, entries, jsons: lines.map(({ json }) => json), gaps };
}

function readHeader(line: Line | undefined, file: string): string {
  if (line?.atByte !== 0) {
    throw new JournalError(
      `${file} does not begin as a journal does: it is another file, or its first line is damaged; ` +
        'restore it from a copy, or choose another directory or name',
      file,
    );
  }
  const { format, runId } = reading(file, 0, () => decodeHeader(line.json));
  if (format > journalFormat) {
    throw new JournalError(
      `${file} is of format ${format}, and this version of sluice knows formats up to ${journalFormat}: upgrade sluice`,
      file,
    );
  }
  return runId;
}

/** What was on disk for good, as a later line knows, and is gone. */
function damageOf(lines: readonly Line[], [gap]: readonly Gap[]): string | undefined {
  for (const { atByte, syncedBytes } of lines) {
    if (syncedBytes > atByte) return `before byte ${atByte} some of it is missing: ${syncedBytes} bytes stood there`;
    if (gap !== undefined && syncedBytes > gap.atByte) {
      return `${gap.bytes} bytes at byte ${gap.atByte} cannot be read, and were on disk before what follows them`;
    }
  }
  return undefined;
}

function refuse(what: string, file: string): never {
  throw new JournalError(
    `${file} is damaged: ${what}; restore it from a copy, or go on with all that can be read ` +
      "(damage: 'skip'): a task whose lines are lost is sent again under the id it had, which the server knows",
    file,
  );
}

function reading<T>(file: string, atByte: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new JournalError(
      `${file}: the line at byte ${atByte} is whole, and not what this version of sluice writes (${why}): ` +
        'use the version that wrote it',
      file,
      { cause: error },
    );
  }
}
