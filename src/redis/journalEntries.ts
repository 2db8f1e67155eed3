import { JournalError } from '../errors.js';
import { decodeEntry, encodeEntry, type StoredEntry } from '../journal/entries.js';
import type { JournalEntry } from '../journal/journal.js';

/** An entry as the journal of that name has it. @throws JournalError for what JSON cannot hold */
export function encodeFor(name: string, entry: JournalEntry): string {
  try {
    return encodeEntry(entry);
  } catch (error) {
    const what = `an entry (${entry.type} of ${entry.id}) cannot be written to the journal "${name}" in Redis`;
    throw new JournalError(`${what}: ${whyOf(error)}`, undefined, { cause: error });
  }
}

/** @throws JournalError for what is no entry of this version */
export function decodeFrom(name: string, json: string): StoredEntry {
  try {
    return decodeEntry(json);
  } catch (error) {
    const what = `the journal "${name}" in Redis has an entry that cannot be read (${whyOf(error)})`;
    throw new JournalError(`${what}: let all workers use one version of sluice`, undefined, { cause: error });
  }
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
