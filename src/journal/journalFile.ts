import { dirname } from 'node:path';
import type { Disk, DiskFile } from './disk.js';
import { encodeEntry, encodeHeader } from './entries.js';
import { fold, unfold } from './fold.js';
import type { JournalHistory } from './journal.js';
import { encodeLine, encodeWhole, type Gap } from './records.js';
import { recover, type DamagePolicy } from './recovery.js';

export interface JournalFileOptions {
  readonly disk: Disk;
  readonly path: string;
  readonly damage: DamagePolicy;
  /** A file of at least so many bytes is compacted where that halves it. */
  readonly compactAtBytes: number;
  readonly newRunId: () => string;
  readonly onRepair: (gap: Gap) => void;
}

/**
 * The file of a journal: a header and then line on line, written at its end only. As it is opened, and where it has become
 * long, it is written anew beside itself, synced, and put in its own place at a stroke: a crash leaves the one or the
 * other, whole.
 */
export class JournalFile {
  readonly #options: JournalFileOptions;
  #file: DiskFile | undefined;
  /** How long it is; all of that is on disk for good. */
  #bytes = 0;
  #compactAtBytes: number;

  private constructor(options: JournalFileOptions) {
    this.#options = options;
    this.#compactAtBytes = options.compactAtBytes;
  }

  /** Opens it, makes it where there is none, and mends what a crash has left. @throws JournalError, or what the disk says */
  static async open(
    options: JournalFileOptions,
  ): Promise<{ readonly file: JournalFile; readonly history: JournalHistory }> {
    const file = new JournalFile(options);
    try {
      return { file, history: await file.#load() };
    } catch (error) {
      await file.close().catch(() => undefined);
      throw error;
    }
  }

  /** Writes lines at the end: all, and for good, or none. Once it has failed the file is not to be written any more. */
  async append(jsons: readonly string[]): Promise<void> {
    if (this.#bytes >= this.#compactAtBytes) await this.#compact();
    const bytes = Buffer.from(jsons.map((json) => encodeLine(json, this.#bytes)).join(''));
    const file = this.#opened();
    try {
      await appendAll(file, bytes);
      await file.sync();
    } catch (error) {
      // What nobody was told is on disk is better not there: a later run should not build on it.
      await file.truncate(this.#bytes).catch(() => undefined);
      throw error;
    }
    this.#bytes += bytes.length;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /**
   * What is read may be in the memory of the machine alone: who wrote it was killed before it was synced, or its sync
   * failed, and then a later one would succeed without doing anything. So it is always written anew.
   */
  async #load(): Promise<JournalHistory> {
    const { disk, path, damage, newRunId, onRepair } = this.#options;
    const bytes = await disk.read(path);
    if (bytes === undefined) return this.#create(newRunId());
    const { runId, entries, jsons, gaps } = recover(bytes, path, damage);
    const history = fold(runId, entries);
    await this.#replace(this.#shorter(encodeWhole(jsons), history));
    this.#compactAtBytes = Math.max(this.#compactAtBytes, 2 * this.#bytes);
    for (const gap of gaps) onRepair(gap);
    return history;
  }

  async #create(runId: string): Promise<JournalHistory> {
    const history: JournalHistory = { runId, tasks: [], replaced: [] };
    await this.#replace(wholeOf(history));
    return history;
  }

  /** The file as it is, or compacted if it is long and that halves it. */
  #shorter(whole: Uint8Array, history: JournalHistory): Uint8Array {
    if (whole.length < this.#compactAtBytes) return whole;
    const compacted = wholeOf(history);
    return compacted.length <= whole.length / 2 ? compacted : whole;
  }

  /** Writes the file anew if that halves it; else not before it has doubled. */
  async #compact(): Promise<void> {
    const { disk, path, compactAtBytes } = this.#options;
    const whole = (await disk.read(path)) ?? new Uint8Array();
    const { runId, entries } = recover(whole, path, 'refuse');
    const shorter = this.#shorter(whole, fold(runId, entries));
    if (shorter !== whole) await this.#replaceIfThereIsRoom(shorter);
    this.#compactAtBytes = Math.max(compactAtBytes, 2 * this.#bytes);
  }

  async #replaceIfThereIsRoom(whole: Uint8Array): Promise<void> {
    try {
      await this.#draw(whole);
    } catch {
      // The long one is as good.
      return;
    }
    await this.#install(whole.length);
  }

  async #replace(whole: Uint8Array): Promise<void> {
    await this.#draw(whole);
    await this.#install(whole.length);
  }

  get #draft(): string {
    return `${this.#options.path}.new`;
  }

  async #draw(whole: Uint8Array): Promise<void> {
    const { disk } = this.#options;
    await disk.remove(this.#draft);
    try {
      const file = await disk.open(this.#draft);
      try {
        await appendAll(file, whole);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await disk.remove(this.#draft).catch(() => undefined);
      throw error;
    }
  }

  /** From here on a failure leaves it open which of the two a crash would leave. */
  async #install(bytes: number): Promise<void> {
    const { disk, path } = this.#options;
    // Some systems do not replace a file that is open.
    await this.close();
    await disk.rename(this.#draft, path);
    await disk.syncDirectory(dirname(path));
    this.#file = await disk.open(path);
    this.#bytes = bytes;
  }

  #opened(): DiskFile {
    if (this.#file === undefined) throw new Error('it is closed');
    return this.#file;
  }
}

function wholeOf(history: JournalHistory): Uint8Array {
  return encodeWhole([encodeHeader(history.runId), ...unfold(history).map(encodeEntry)]);
}

async function appendAll(file: DiskFile, bytes: Uint8Array): Promise<void> {
  for (let left = bytes; left.length > 0;) {
    const taken = await file.append(left);
    if (taken === 0) throw new Error('the disk takes no more bytes');
    left = left.subarray(taken);
  }
}
