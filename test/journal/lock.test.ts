import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { JournalLockedError } from '../../src/errors.js';
import { lockFile, type LockWorld } from '../../src/journal/lock.js';
import { nodeLockFiles } from '../../src/journal/lockFiles.js';
import { standingOf, thisProcess, type LockOwner } from '../../src/journal/lockOwner.js';
import { temporaryDirectory } from './children.js';

const self = await thisProcess();
const dead: LockOwner = { ...self, pid: 2 ** 31 - 1 };

let directory: string;
let path: string;
beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory, 'journal.lock');
});

const leave = (owner: LockOwner, end = ''): void => writeFileSync(`${path}${end}`, JSON.stringify(owner));

async function refusal(): Promise<JournalLockedError> {
  const error: unknown = await lockFile(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(JournalLockedError);
  return error as JournalLockedError;
}

describe('a lock, seen from the process that asks for it', () => {
  it('should say who holds it, and be gone once it is given back', async () => {
    const unlock = await lockFile(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(self);
    await unlock();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('should be refused while this process holds it, which is named', async () => {
    const unlock = await lockFile(path);
    expect((await refusal()).message).toContain(`in use by process ${process.pid} (${path})`);
    await unlock();
  });

  it.each([
    ['on another host', { host: 'elsewhere', boot: 'another' }, 'the host or container "elsewhere"'],
    ['in another container', { pidSpace: 'pid:[1]' }, 'another container'],
  ])('should be kept by a holder %s, which cannot be seen', async (_, changes, words) => {
    leave({ ...self, ...changes, started: '1' });
    const { message } = await refusal();
    expect(message).toContain(words);
    expect(message).toContain('remove the file if it has ended already');
  });

  it('should not be kept by a process that has ended', async () => {
    leave(dead);
    await lockFile(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject(self);
    expect(readdirSync(directory)).toEqual(['journal.lock']);
  });

  it.each(['', '\0\0\0\0', '{"pid":'])('should not be kept by %j, which a crash of the machine left', async (text) => {
    writeFileSync(path, text);
    await (
      await lockFile(path)
    )();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('should not be given back once somebody removed it by hand, and another took it', async () => {
    const unlock = await lockFile(path);
    leave({ ...self, pid: 1 });
    await unlock();
    expect(existsSync(path)).toBe(true);
  });
});

describe('what is beside a lock', () => {
  const inOrder: LockWorld = {
    files: { ...nodeLockFiles, beside: async (it) => (await nodeLockFiles.beside(it)).toSorted() },
    self: thisProcess,
    standingOf,
  };

  it('should be cleared away where a dead process left it, and nothing else', async () => {
    writeFileSync(`${path}.1`, 'notes');
    leave(self, '.2');
    leave(dead, '.3');
    writeFileSync(join(directory, 'other.lock.4'), JSON.stringify(dead));
    await lockFile(path, inOrder);
    expect(readdirSync(directory).toSorted()).toEqual([
      ...['journal.lock', 'journal.lock.1', 'journal.lock.2', 'other.lock.4'],
    ]);
  });

  it('should never keep anybody from the lock', async () => {
    mkdirSync(`${path}.1`);
    await lockFile(path, inOrder);
    expect(existsSync(path)).toBe(true);
  });

  it('should be the right to clear a dead holder away, under the same name whoever asks for it', async () => {
    const made: string[] = [];
    const watched: LockWorld = {
      ...inOrder,
      files: { ...nodeLockFiles, create: (it, text) => nodeLockFiles.create(it, text).finally(() => made.push(it)) },
    };
    writeFileSync(path, 'abc');
    await lockFile(path, watched);
    expect(made).toEqual([path, `${path}.ba7816bf8f01cfea414140de5dae2223`, path]);
  });
});
