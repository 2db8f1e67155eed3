import { createHash, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { JournalError, SluiceError } from '../errors.js';
import { callback, having, nonEmpty, parseOptions, positiveCount } from '../options.js';
import type { Disk, Unlock } from './disk.js';
import { encodeEntry } from './entries.js';
import { GroupCommit } from './groupCommit.js';
import type { Journal, JournalEntry, JournalHistory } from './journal.js';
import { JournalFile } from './journalFile.js';
import { nodeDisk } from './nodeDisk.js';

/** Bytes of a journal that could not be read, and are not in it any more. */
export interface JournalRepair {
  readonly file: string;
  /** Where they began, from 0. */
  readonly atByte: number;
  readonly bytes: number;
}

export interface FileJournalOptions {
  /** Where it is kept, on a disk of this machine. It is made where there is none. */
  readonly directory: string;
  /** What its files are called, less their ends: letters, digits, `_`, `-`. @defaultValue 'journal' */
  readonly name?: string | undefined;
  /**
   * The length at which its file is written anew, less what is out of date, if that is at least half of it: in bytes (at
   * least 1). That is done as it is opened, and again whenever it has doubled. @defaultValue 16_777_216
   */
  readonly compactAtBytes?: number | undefined;
  /**
   * What happens where lines are lost that had been on disk for good: `refuse` to open it, or `skip` them and keep all
   * that can be read. What a crash leaves is no damage. @defaultValue 'refuse'
   */
  readonly damage?: 'refuse' | 'skip' | undefined;
  /** Told of all that could not be read and was taken out: after a crash the last lines, which nobody had been told of. */
  readonly onRepair?: ((repair: JournalRepair) => void) | undefined;
  /** The id of a journal that is new; one that is there keeps its own. @defaultValue a random UUID */
  readonly runId?: string | undefined;
  /** @defaultValue the machine's own */
  readonly disk?: Disk | undefined;
}

const fileJournalOptions = z.strictObject({
  directory: nonEmpty,
  name: z
    .string()
    .regex(/^[\w-]+$/, { error: 'must be of letters, digits, _ and -' })
    .default('journal'),
  compactAtBytes: z._default(positiveCount, 16 * 1_024 * 1_024),
  damage: z.enum(['refuse', 'skip']).default('refuse'),
  onRepair: z.optional(callback<(repair: JournalRepair) => void>()),
  runId: z.optional(nonEmpty),
  disk: z._default(having<Disk>('syncDirectory'), nodeDisk),
});

/**
 * A journal in a directory: `journal.log`, a line for each entry, and `journal.lock`, while a process holds it.
 *
 * An entry is written once it would survive a loss of power. Entries that come while the disk is busy share its next
 * trip, so that a thousand at once cost two syncs and not a thousand. A crash at any instant loses what `write` had not
 * resolved for, and no more. The first error of the disk ends it: nothing is written after a write whose fate is not known,
 * nor to a file that was deleted meanwhile.
 *
 * The lock goes with its process, however that ends, and a process that only sleeps keeps it. It works between processes
 * that see each other: one machine, one container. A holder that cannot be seen from here (on another host, in another
 * container) is taken to be alive, and must be cleared away by hand, or by the start of its container. It needs hard
 * links, and a directory on a network file system is only as safe as that one's.
 *
 * @throws OptionsError
 */
export function fileJournal(options: FileJournalOptions): Journal {
  return new FileJournal(options);
}

interface Session {
  readonly file: JournalFile;
  readonly commits: GroupCommit;
  readonly unlock: Unlock;
}

class FileJournal implements Journal {
  readonly #options: z.output<typeof fileJournalOptions>;
  readonly #path: string;
  #session: Session | undefined;
  /** Opening and closing go one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: FileJournalOptions) {
    this.#options = parseOptions(fileJournalOptions, options, 'fileJournal');
    this.#path = join(this.#options.directory, `${this.#options.name}.log`);
  }

  open({ signal }: { readonly signal?: AbortSignal } = {}): Promise<JournalHistory> {
    let session: Session | undefined;
    const close = (): void => void this.#inTurn(() => this.#close(session)).catch(() => undefined);
    signal?.addEventListener('abort', close, { once: true });
    return this.#inTurn(async () => {
      signal?.throwIfAborted();
      const history = await this.#open();
      session = this.#session;
      return history;
    });
  }

  write(entry: JournalEntry): Promise<void> {
    const commits = this.#session?.commits;
    if (commits === undefined) return Promise.reject(new JournalError(`${this.#path} is not open`, this.#path));
    try {
      return commits.add(encodeEntry(entry));
    } catch (error) {
      const message = `an entry (${entry.type} of ${entry.id}) cannot be written to ${this.#path}: ${messageOf(error)}`;
      return Promise.reject(commits.fail(new JournalError(message, this.#path, { cause: error })));
    }
  }

  digest(text: string): string {
    return createHash('sha256').update(text).digest('hex');
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#close(this.#session));
  }

  async #open(): Promise<JournalHistory> {
    const { directory, name, disk } = this.#options;
    return this.#naming('cannot be opened', 'choose another directory, or see to this one', async () => {
      await disk.makeDirectory(directory);
      const unlock = await disk.lock(join(directory, `${name}.lock`));
      try {
        const { file, history } = await this.#openFile();
        const commits = new GroupCommit((jsons) => this.#commit(file, jsons));
        this.#session = { file, commits, unlock };
        return history;
      } catch (error) {
        await unlock().catch(() => undefined);
        throw error;
      }
    });
  }

  #openFile(): Promise<{ readonly file: JournalFile; readonly history: JournalHistory }> {
    const { disk, damage, compactAtBytes, runId, onRepair } = this.#options;
    const path = this.#path;
    return JournalFile.open({
      disk,
      path,
      damage,
      compactAtBytes,
      newRunId: () => runId ?? randomUUID(),
      onRepair: (gap) => onRepair?.({ file: path, ...gap }),
    });
  }

  #commit(file: JournalFile, jsons: readonly string[]): Promise<void> {
    const todo = 'nothing more is written, and all before is safe; see to the disk, and run again';
    return this.#naming('cannot be written', todo, () => file.append(jsons));
  }

  async #close(session: Session | undefined): Promise<void> {
    if (session === undefined || session !== this.#session) return;
    this.#session = undefined;
    await session.commits.drained();
    await this.#naming('cannot be closed', 'all that was written is safe', async () => {
      try {
        await session.file.close();
      } finally {
        await session.unlock();
      }
    });
  }

  async #naming<T>(what: string, todo: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SluiceError) throw error;
      throw new JournalError(`${this.#path} ${what} (${messageOf(error)}): ${todo}`, this.#path, { cause: error });
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
