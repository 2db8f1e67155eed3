/**
 * What a run must not forget, on a disk: intents before sending, outcomes after.
 *
 * @module sluice/journal
 */
export type { Disk, DiskFile, Unlock } from './disk.js';
export { fileJournal, type FileJournalOptions, type JournalRepair } from './fileJournal.js';
export { ClaimLostError } from './claimLostError.js';
export type {
  Claim,
  Claims,
  Journal,
  JournaledOutcome,
  JournaledTask,
  JournalEntry,
  JournalHistory,
} from './journal.js';
