import { join } from 'node:path';
import { JournalError, JournalLockedError } from '../operators/index.js';
import {
  fileJournal,
  type Journal,
  type JournaledTask,
  type JournalHistory,
  type Unlock,
} from '../src/journal/index.js';
import { nodeDisk } from '../src/journal/nodeDisk.js';
import { redisJournal } from '../src/redis/index.js';
import type { RedisRun } from './redisRun.js';
import { journaledLine } from './resultLine.js';
import { refuseResults, ResultsFile } from './results.js';
import { readSettings, refuseOthers, writeSettings, type Settings } from './settings.js';
import { messageOf } from './text.js';
import { cannotBeWritten, UsageError } from './usageError.js';

interface Opened {
  readonly journal: Journal;
  readonly history: JournalHistory;
  /** True: its settings are still to be written. */
  readonly isNew: boolean;
  readonly unlock?: Unlock;
}

/** Which run of those in Redis a directory belongs to, and that run's own id: as settings of the directory. */
const runFlag = '--run';
const runIdName = 'run id';

/** The memory of all runs of one command: what they have sent and what became of it. One process holds it at a time. */
export class RunDirectory {
  readonly path: string;
  readonly journal: Journal;
  readonly history: JournalHistory;
  /** What other workers on the same run have written since, the newest of each prompt. */
  readonly heard = new Map<string, JournaledTask>();
  readonly #settings: Settings;
  readonly #isNew: boolean;
  readonly #unlock: Unlock | undefined;

  private constructor(path: string, settings: Settings, opened: Opened) {
    this.path = path;
    this.journal = opened.journal;
    this.history = opened.history;
    this.#settings = settings;
    this.#isNew = opened.isNew;
    this.#unlock = opened.unlock;
    opened.journal.claims?.on((task) => this.heard.set(task.key, task));
  }

  /**
   * Takes hold of a directory, which is made where there is none, and reads what earlier runs have left. Nothing in it
   * is changed.
   *
   * @throws UsageError where another process holds it, where it has results of no run that could go on, or one of other
   *   settings
   */
  static async open(path: string, settings: Settings): Promise<RunDirectory> {
    const before = readSettings(path);
    if (before === undefined) refuseResults(path);
    // Its journal is elsewhere: here nothing is known of what was sent.
    else if (before[runFlag] !== undefined) refuseOthers(path, withoutId(before), settings);
    const journal = fileJournal({ directory: path });
    const history = await openJournal(journal, path);
    try {
      // Where nothing was sent yet, any settings will do.
      const isNew = history.tasks.length === 0;
      // Results of what the journal knows nothing of: it has been lost, and all would be paid for again.
      if (isNew) refuseResults(path);
      else refuseOthers(path, readSettings(path) ?? throwWithoutSettings(path), settings);
      return new RunDirectory(path, settings, { journal, history, isNew });
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  /**
   * The same for a run in Redis, which other workers may have open at the same time: the directory has this worker's
   * results, and is this process' alone.
   *
   * @throws UsageError as `open`, and where the run in Redis is of other settings, or not the one that the directory knows
   */
  static async openShared(
    path: string,
    settings: Settings,
    { client, name, leaseMs, onJournalAway }: RedisRun,
  ): Promise<RunDirectory> {
    const before = readSettings(path);
    if (before === undefined) refuseResults(path);
    const unlock = await hold(path);
    const journal = redisJournal({ client, name, settings, ttlMs: leaseMs, onAway: onJournalAway });
    try {
      if (before !== undefined) refuseOthers(path, withoutId(before), { ...settings, [runFlag]: name });
      const history = await openJournal(journal, path);
      refuseLost(path, name, before?.[runIdName], history.runId);
      const all = { ...settings, [runFlag]: name, [runIdName]: history.runId };
      return new RunDirectory(path, all, { journal, history, isNew: before === undefined, unlock });
    } catch (error) {
      await journal.close();
      await unlock();
      throw error;
    }
  }

  /** What is known by now of all that is not this process' own. */
  get known(): JournalHistory {
    const before = this.history.tasks.filter(({ key }) => !this.heard.has(key));
    return { ...this.history, tasks: [...before, ...this.heard.values()] };
  }

  /** Makes it ready for what is about to be sent: there is room, and every result that is known has its line. @throws UsageError */
  async begin(): Promise<ResultsFile> {
    if (this.#isNew) await writeSettings(this.path, this.#settings);
    const results = this.#openResults();
    for (const task of this.history.tasks) {
      const line = journaledLine(task);
      if (line !== undefined) this.#add(results, task.id, line);
    }
    return results;
  }

  /** Lets go of it. What was written is on the disk already, so that nothing is lost where this fails. */
  async close(): Promise<void> {
    await this.journal.close().catch(() => undefined);
    await this.#unlock?.().catch(() => undefined);
  }

  #openResults(): ResultsFile {
    try {
      return ResultsFile.open(this.path);
    } catch (error) {
      if (!(error instanceof UsageError) || this.#isNew) throw error;
      throw new UsageError(withPrice(error.message), { cause: error });
    }
  }

  #add(results: ResultsFile, id: string, line: string): void {
    try {
      results.add(id, line);
    } catch (error) {
      const message = `${results.path} cannot be written (${messageOf(error)}); nothing was submitted`;
      throw new UsageError(message, { cause: error });
    }
  }
}

/**
 * Takes hold of the directory of a simulated run, of which nothing is kept but its results.
 *
 * @throws UsageError where another process holds it, or where it is that of a run that is paid for
 */
export async function holdSimulation(path: string): Promise<Unlock> {
  if (readSettings(path) === undefined) return hold(path);
  throw new UsageError(`${path} is that of a run that is not simulated: choose another --out; nothing was submitted`);
}

/** For what has no journal there. The directory is made where there is none. */
function hold(path: string): Promise<Unlock> {
  return naming(path, async () => {
    try {
      await nodeDisk.makeDirectory(path);
      return await nodeDisk.lock(join(path, 'journal.lock'));
    } catch (error) {
      if (error instanceof JournalLockedError || error instanceof JournalError) throw error;
      throw cannotBeWritten(path, error);
    }
  });
}

function openJournal(journal: Journal, path: string): Promise<JournalHistory> {
  return naming(path, () => journal.open());
}

async function naming<T>(path: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    const message = journalProblem(path, error);
    if (message === undefined) throw error;
    throw new UsageError(`${isBegun(path) ? withPrice(message) : message}; nothing was submitted`, { cause: error });
  }
}

/** What is wrong with a journal, by the flags of the command; undefined where it is not the journal. */
function journalProblem(path: string, error: unknown): string | undefined {
  if (error instanceof JournalLockedError) {
    return `${path}: ${error.message.replace('give this run a journal of its own', 'choose another --out')}`;
  }
  if (!(error instanceof JournalError)) return undefined;
  return error.message
    .replace('choose another directory', 'choose another --out')
    .replaceAll('a run of another name', 'another --run');
}

/** True where a directory has a run of which no other place knows. */
function isBegun(path: string): boolean {
  const settings = readSettings(path);
  return settings !== undefined && settings[runFlag] === undefined;
}

/** From another directory all would be sent once more: no error is to lead there without a word of it. */
function withPrice(message: string): string {
  const otherwise = 'for other prompts (the same would be made and paid for again)';
  return message.replace('choose another --out', `choose another --out ${otherwise}`);
}

/** A run that Redis has lost would begin anew, and all of it be paid for again. */
function refuseLost(path: string, name: string, before: string | undefined, now: string): void {
  if (before === undefined || before === now) return;
  throw new UsageError(
    `${path} is of a run "${name}" that is not in this Redis any more (it has another of that name, or was emptied), and ` +
      'all of it would be made and paid for again: restore the data of Redis, or choose another --run and --out with ' +
      'the prompts that have no result; nothing was submitted',
  );
}

function withoutId(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => name !== runIdName));
}

function throwWithoutSettings(path: string): never {
  const message = `${path} has the journal of a run, and no run.json to say of which flags: put it back, or choose another --out`;
  throw new UsageError(`${withPrice(message)}; nothing was submitted`);
}
