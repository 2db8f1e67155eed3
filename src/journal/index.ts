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
