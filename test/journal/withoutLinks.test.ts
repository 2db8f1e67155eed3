import { readdirSync } from 'node:fs';
import type * as FileSystem from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { temporaryDirectory } from './children.js';

let code = '';

vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof FileSystem>();
  /** As FAT and exFAT do. */
  const link = (): Promise<never> => Promise.reject(Object.assign(new Error(code), { code, syscall: 'link' }));
  return { ...fs, link };
});

// Test files share their modules: what others have loaded has the real links, and is to have them after this.
vi.resetModules();
const { fileJournal } = await import('../../src/journal/fileJournal.js');
afterAll(() => void vi.resetModules());

it.each(['EPERM', 'ENOTSUP', 'ENOSYS'])('says that a disk has no hard links: %s', async (said) => {
  code = said;
  const directory = temporaryDirectory();
  const lock = join(directory, 'journal.lock');
  await expect(fileJournal({ directory }).open()).rejects.toMatchObject({
    code: 'SLUICE_JOURNAL',
    message: `${lock} cannot be made, for its file system has no hard links (${said}): choose another directory, on another disk`,
  });
  expect(readdirSync(directory)).toEqual([]);
});

it('says no such thing of a disk that fails', async () => {
  code = 'EIO';
  const opening = fileJournal({ directory: temporaryDirectory() }).open();
  await expect(opening).rejects.toThrow(/^(?!.*hard links).*EIO/);
});
