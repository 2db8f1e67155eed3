import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeLockFiles } from '../../src/journal/lockFiles.js';
import { temporaryDirectory } from './children.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory, 'journal.lock');
});

describe('the files of locks', () => {
  it('should be made by one alone, and leave no draft', async () => {
    expect(await nodeLockFiles.create(path, 'one')).toBe(true);
    expect(await nodeLockFiles.create(path, 'other')).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('one');
    expect(readdirSync(directory)).toEqual(['journal.lock']);
  });

  it('should fail where they cannot be made, with what the system said first', async () => {
    const nowhere = nodeLockFiles.create(join(directory, 'none', 'journal.lock'), 'one');
    await expect(nowhere).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' });
  });

  it('should be read where they are there, and fail where they cannot be', async () => {
    expect(await nodeLockFiles.read(path)).toBeUndefined();
    writeFileSync(path, 'one');
    expect(await nodeLockFiles.read(path)).toBe('one');
    await expect(nodeLockFiles.read(directory)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('should be removed, whether or not they are there', async () => {
    writeFileSync(path, 'one');
    await nodeLockFiles.remove(path);
    await nodeLockFiles.remove(path);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('should be found beside one by its name and a dot', async () => {
    mkdirSync(join(directory, 'down'));
    for (const name of ['journal.lock', 'journal.lock.a', 'journal.locks', 'a.journal.lock.', 'down/journal.lock.b']) {
      writeFileSync(join(directory, name), '');
    }
    expect(await nodeLockFiles.beside(path)).toEqual([`${path}.a`]);
  });
});
