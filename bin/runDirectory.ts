import { JournalError, JournalLockedError } from '../operators/index.js';
import { fileJournal, type Journal, type JournalHistory } from '../src/journal/index.js';
import { journaledLine } from './resultLine.js';
import { refuseResults, ResultsFile } from './results.js';
import { readSettings, refuseOthers, writeSettings, type Settings } from './settings.js';
import { UsageError } from './usageError.js';

/** The memory of all runs of one command: what they have sent and what became of it. One process holds it at a time. */
export class RunDirectory {
  readonly path: string;
  readonly journal: Journal;
  readonly history: JournalHistory;
  readonly #settings: Settings;

  private constructor(path: string, settings: Settings, journal: Journal, history: JournalHistory) {
    this.path = path;
    this.journal = journal;
    this.history = history;
    this.#settings = settings;
  }

  /**
   * Takes hold of a directory, which is made where there is none, and reads what earlier runs have left. Nothing in it
   * is changed.
   *
   * @throws UsageError where another process holds it, where it has results of no run that could go on, or one of other
   *   settings
   */
  static async open(path: string, settings: Settings): Promise<RunDirectory> {
    if (readSettings(path) === undefined) refuseResults(path);
    const journal = fileJournal({ directory: path });
    const history = await openJournal(journal, path);
    try {
      // Where nothing was sent yet, any settings will do.
      if (history.tasks.length > 0) refuseOthers(path, readSettings(path) ?? throwWithoutSettings(path), settings);
      return new RunDirectory(path, settings, journal, history);
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /** Makes it ready for what is about to be sent: there is room, and every result that is known has its line. @throws UsageError */
  begin(): ResultsFile {
    if (this.history.tasks.length === 0) writeSettings(this.path, this.#settings);
    const results = ResultsFile.open(this.path);
    for (const task of this.history.tasks) {
      const line = journaledLine(task);
      if (line !== undefined) this.#add(results, task.id, line);
    }
    return results;
  }

  /** Lets go of it. What was written is on the disk already, so that nothing is lost where this fails. */
  async close(): Promise<void> {
    await this.journal.close().catch(() => undefined);
  }

  #add(results: ResultsFile, id: string, line: string): void {
    try {
      results.add(id, line);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`${results.path} cannot be written (${why}); nothing was submitted`, { cause: error });
    }
  }
}

/**
 * The results of a simulated run, of which nothing is kept but these.
 *
 * @throws UsageError where `path` is the directory of a run that is paid for
 */
export function resultsOfSimulation(path: string): ResultsFile {
  if (readSettings(path) === undefined) return ResultsFile.replace(path);
  throw new UsageError(`${path} is that of a run that is not simulated: choose another --out; nothing was submitted`);
}

async function openJournal(journal: Journal, path: string): Promise<JournalHistory> {
  try {
    return await journal.open();
  } catch (error) {
    if (error instanceof JournalLockedError) {
      const message = error.message.replace('give this run a journal of its own', 'choose another --out');
      throw new UsageError(`${path}: ${message}; nothing was submitted`, { cause: error });
    }
    if (error instanceof JournalError) {
      const message = error.message.replace('choose another directory', 'choose another --out');
      throw new UsageError(`${message}; nothing was submitted`, { cause: error });
    }
    throw error;
  }
}

function throwWithoutSettings(path: string): never {
  throw new UsageError(
    `${path} has the journal of a run, and no run.json to say of which flags: put it back, or choose another --out; ` +
      'nothing was submitted',
  );
}
