import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../codeOf.js';
import { JournalError } from '../errors.js';

/** What a lock asks of a file system. */
export interface LockFiles {
  /** Makes a file with that text, in one step: nobody sees it without. False where there is a file already. */
  create(path: string, text: string): Promise<boolean>;
  /** Undefined where there is none. */
  read(path: string): Promise<string | undefined>;
  remove(path: string): Promise<void>;
  /** The files whose names begin with that of this one, and a dot. */
  beside(path: string): Promise<readonly string[]>;
}

export const nodeLockFiles: LockFiles = {
  async create(path, text) {
    const draft = `${path}.${randomUUID()}`;
    try {
      await writeFile(draft, text);
      return await linked(draft, path);
    } finally {
      await rm(draft, { force: true });
    }
  },
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  remove: (path) => rm(path, { force: true }),
  async beside(path) {
    const directory = dirname(path);
    const names = await readdir(directory);
    return names.filter((name) => name.startsWith(`${basename(path)}.`)).map((name) => join(directory, name));
  },
};

/** What a file system says that has no hard links: FAT and exFAT, some of networks. */
const withoutLinks: ReadonlySet<unknown> = new Set(['EPERM', 'ENOTSUP', 'ENOSYS']);

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (!withoutLinks.has(code)) throw error;
    const message = `${path} cannot be made, for its file system has no hard links (${String(code)})`;
    throw new JournalError(`${message}: choose another directory, on another disk`, path, { cause: error });
  }
}
