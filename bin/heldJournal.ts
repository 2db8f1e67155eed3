import type { Journal, JournalHistory } from '../src/journal/index.js';

/** A journal that is open already, for whoever opens it again: it gives what was read, and is closed by its holder. */
export function heldJournal(journal: Journal, history: JournalHistory, onFailure: (error: unknown) => void): Journal {
  return {
    open: () => Promise.resolve(history),
    write: async (entry) => {
      try {
        await journal.write(entry);
      } catch (error) {
        onFailure(error);
        throw error;
      }
    },
    digest: (text) => journal.digest(text),
    close: () => Promise.resolve(),
  };
}
