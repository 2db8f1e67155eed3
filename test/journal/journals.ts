import { isDeepStrictEqual } from 'node:util';
import type { Disk } from '../../src/journal/disk.js';
import { fileJournal, type FileJournalOptions } from '../../src/journal/fileJournal.js';
import { fold } from '../../src/journal/fold.js';
import type { Journal, JournalEntry, JournalHistory } from '../../src/journal/journal.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { SimulatedDisk } from './simulatedDisk.js';

export const directory = '/journal';
export const path = `${directory}/journal.log`;
export const runId = 'run';

export function journalOn(disk: Disk, options: Partial<FileJournalOptions> = {}): Journal {
  return fileJournal({ directory, runId, disk, ...options });
}

/** What a later process finds. */
export async function historyOn(
  machine: SimulatedDisk,
  options: Partial<FileJournalOptions> = {},
): Promise<JournalHistory> {
  const journal = journalOn(machine.boot(), options);
  const history = await journal.open();
  await journal.close();
  return history;
}

/** The bytes that a journal has on disk after these groups of entries. */
export async function bytesAfter(groups: readonly (readonly JournalEntry[])[]): Promise<Buffer> {
  const machine = new SimulatedDisk({ random: seededRandom(1) });
  const journal = journalOn(machine.boot());
  await journal.open();
  for (const group of groups) await Promise.all(group.map((entry) => journal.write(entry)));
  await journal.close();
  return Buffer.from(machine.bytesOf(path) ?? []);
}

/** A machine whose journal has these bytes. */
export function machineWith(bytes: Uint8Array): SimulatedDisk {
  const machine = new SimulatedDisk({ random: seededRandom(1) });
  machine.put(path, bytes);
  return machine;
}

/** How many of the entries make up this history; undefined: it is that of no prefix of them. */
export function prefixOf(entries: readonly JournalEntry[], history: JournalHistory): number | undefined {
  for (let length = entries.length; length >= 0; length -= 1) {
    const { tasks, replaced } = fold(runId, entries.slice(0, length));
    if (isDeepStrictEqual({ ...history, tasks, replaced }, history)) return length;
  }
  return undefined;
}
