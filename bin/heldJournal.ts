import {
  ClaimLostError,
  type Claims,
  type Journal,
  type JournaledTask,
  type JournalHistory,
} from '../src/journal/index.js';

/** A journal that is open already, and what has been read of it until now. */
export interface Held {
  readonly journal: Journal;
  readonly history: JournalHistory;
  /** What other workers have written since, the newest of each prompt. */
  readonly heard: ReadonlyMap<string, JournaledTask>;
}

/** Such a journal, for whoever opens it again: it gives what was read, and is closed by its holder. */
export function heldJournal({ journal, history, heard }: Held, onFailure: (error: unknown) => void): Journal {
  return {
    open: () => Promise.resolve(history),
    write: async (entry) => {
      try {
        await journal.write(entry);
      } catch (error) {
        // That another worker has the prompt is no failure.
        if (!(error instanceof ClaimLostError)) onFailure(error);
        throw error;
      }
    },
    digest: (text) => journal.digest(text),
    close: () => Promise.resolve(),
    ...(journal.claims !== undefined && { claims: heldClaims(journal.claims, heard) }),
  };
}

function heldClaims(claims: Claims, heard: Held['heard']): Claims {
  return {
    taskOf: (key) => claims.taskOf(key),
    claim: (key) => claims.claim(key),
    on: (listener) => {
      for (const task of heard.values()) listener(task);
      return claims.on(listener);
    },
  };
}
