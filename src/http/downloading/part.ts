import { constants, type Stats } from 'node:fs';
import { lstat, open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { codeOf } from '../../codeOf.js';
import { DownloadError } from '../../errors.js';
import { syncDirectory } from '../../syncDirectory.js';

/** What a part is a part of, as far as is needed to fetch the rest of it and nothing else. */
export interface PartOrigin {
  /** Without the query, which may be signed, and another one the next time. */
  readonly url: string;
  /** The strong ETag, or the date, that says whether it is still the same. */
  readonly validator: string;
  /** How long the whole is, where that is known. */
  readonly bytes?: number | undefined;
}

/** A part that an earlier download has left. */
export interface FoundPart extends PartOrigin {
  /** How much of it there is: at least 1. */
  readonly partBytes: number;
}

const origin = z.object({
  url: z.string(),
  // It is sent as a field: what could not be would fail each time.
  validator: z.string().regex(/^[\x20-\x7e\x80-\xff]+$/),
  bytes: z.int().min(1).optional(),
});

/**
 * The part of a file that has come so far: `<file>.part`, and beside it `<file>.part.json`, which says what it is of. It
 * gets the file's own name once it is whole and on disk, at a stroke.
 *
 * A new part is always a new file, and only a part that is still the one that was written gets the name: should another
 * process fetch the same file, one of the two fails, and neither spoils what the other wrote. All methods reject with
 * DownloadErrors: `not-saved`, `busy`.
 */
export class Part {
  readonly #file: string;
  readonly #url: string;
  readonly #handle: FileHandle;
  #bytes: number;

  private constructor(file: string, url: string, handle: FileHandle, bytes: number) {
    this.#file = file;
    this.#url = url;
    this.#handle = handle;
    this.#bytes = bytes;
  }

  /** What is left of an earlier download of `url`, where it is known what it is of. */
  static async find(file: string, url: string): Promise<FoundPart | undefined> {
    const found = await saving(url, () => readOrigin(file));
    if (found?.url !== url) return undefined;
    const size = await saving(url, async () => (await partIn(file))?.size ?? 0);
    if (size === 0 || size > (found.bytes ?? Infinity)) return undefined;
    return { ...found, partBytes: size };
  }

  /** Goes on behind what is there. */
  static async resume(file: string, { url, partBytes }: FoundPart): Promise<Part> {
    return saving(url, async () => {
      if ((await partIn(file)) === undefined) throw busy(url);
      return new Part(file, url, await open(partOf(file), constants.O_RDWR | constants.O_NOFOLLOW), partBytes);
    });
  }

  /** Does away with what is there. Without an origin it cannot be gone on with later. */
  static async begin(file: string, url: string, origin: PartOrigin | undefined): Promise<Part> {
    return saving(url, async () => {
      await rm(originOf(file), { force: true });
      await rm(partOf(file), { force: true });
      const handle = await open(partOf(file), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL);
      const part = new Part(file, url, handle, 0);
      try {
        if (origin !== undefined) await writeFile(originOf(file), JSON.stringify(origin));
      } catch (error) {
        await part.close();
        throw error;
      }
      return part;
    });
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(chunk: Uint8Array): Promise<void> {
    let done = 0;
    while (done < chunk.length) {
      const at = this.#bytes + done;
      const { bytesWritten } = await saving(this.#url, () => this.#handle.write(chunk, done, chunk.length - done, at));
      done += bytesWritten;
    }
    this.#bytes += chunk.length;
  }

  /** Its first bytes, up to `length`. */
  async head(length: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await saving(this.#url, () => this.#handle.read(Buffer.alloc(length), 0, length, 0));
    return buffer.subarray(0, bytesRead);
  }

  /** Gives the file its name, once all of it is on disk. */
  async publish(): Promise<void> {
    await saving(this.#url, async () => {
      await this.#handle.sync();
      const own = await this.#handle.stat();
      await this.#handle.close();
      const found = await partIn(this.#file);
      if (found?.ino !== own.ino || found.dev !== own.dev) throw busy(this.#url);
      await rename(partOf(this.#file), this.#file);
      await rm(originOf(this.#file), { force: true });
      await syncDirectory(dirname(this.#file));
    });
  }

  /** Leaves it for a later download; again, or after `publish`: does nothing. */
  async close(): Promise<void> {
    await this.#handle.close().catch(() => undefined);
  }

  /** Does away with it. */
  async discard(): Promise<void> {
    await this.close();
    await saving(this.#url, async () => {
      await rm(originOf(this.#file), { force: true });
      await rm(partOf(this.#file), { force: true });
    });
  }
}

/** How long a file is; undefined: there is none. @throws (rejects with) DownloadError */
export async function wholeSize(file: string, url: string): Promise<number | undefined> {
  return saving(url, () => sizeOf(file));
}

/** Somebody else fetches the same file. */
export function busy(url: string): DownloadError {
  return new DownloadError(`${url} is being fetched to the same file by somebody else`, { kind: 'busy', url });
}

function partOf(file: string): string {
  return `${file}.part`;
}

function originOf(file: string): string {
  return `${file}.part.json`;
}

async function readOrigin(file: string): Promise<PartOrigin | undefined> {
  try {
    return origin.safeParse(JSON.parse(await readFile(originOf(file), 'utf8'))).data;
  } catch (error) {
    // Half of one was written before a crash.
    if (error instanceof SyntaxError || codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined where there is none, and where something else is there: a link, say, which would lead elsewhere. */
async function partIn(file: string): Promise<Stats | undefined> {
  const found = await orAbsent(lstat(partOf(file)));
  return found?.isFile() === true ? found : undefined;
}

async function sizeOf(path: string): Promise<number | undefined> {
  const found = await orAbsent(stat(path));
  if (found?.isDirectory() === true) throw new Error(`${path} is a directory`);
  return found?.size;
}

async function orAbsent<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function saving<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DownloadError) throw error;
    if (codeOf(error) === 'EEXIST') throw busy(url);
    const why = error instanceof Error ? error.message : String(error);
    throw new DownloadError(`${url} cannot be saved: ${why}`, { kind: 'not-saved', url }, { cause: error });
  }
}
