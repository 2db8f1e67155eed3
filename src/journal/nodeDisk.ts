import { lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf } from '../codeOf.js';
import { JournalError } from '../errors.js';
import { syncDirectory } from '../syncDirectory.js';
import type { Disk, DiskFile } from './disk.js';
import { lockFile } from './lock.js';

/** The machine's own. Prompts are private: files and directories that it makes are for their owner alone. */
export const nodeDisk: Disk = {
  async makeDirectory(path) {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = resolve(path); ; made = dirname(made)) {
      await syncDirectory(dirname(made));
      if (made === resolve(first) || made === dirname(made)) return;
    }
  },
  async read(path) {
    try {
      if ((await lstat(path)).isSymbolicLink()) throw elsewhere(path);
      return await readFile(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  async open(path) {
    const handle = await open(path, 'a', 0o600);
    return {
      append: async (bytes) => (await handle.write(bytes)).bytesWritten,
      async sync() {
        await handle.datasync();
        if ((await handle.stat()).nlink === 0) throw deleted(path);
      },
      truncate: (bytes) => handle.truncate(bytes),
      close: () => handle.close(),
    } satisfies DiskFile;
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  syncDirectory,
  lock: (path) => lockFile(path),
};

/** Written anew it would take the place of the link, and what the link leads to be left behind. */
function elsewhere(path: string): JournalError {
  const todo = 'put the file itself there, or let the whole directory be a link';
  return new JournalError(`${path} is a symbolic link, and a journal is a file of its own: ${todo}`, path);
}

function deleted(path: string): JournalError {
  const todo = 'put it back from a copy, or a later run knows nothing of this one';
  return new JournalError(`${path} was deleted while it was written, and nothing more is written to it: ${todo}`, path);
}
