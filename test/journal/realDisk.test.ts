import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { JournalError, JournalLockedError, OptionsError } from '../../src/errors.js';
import type { Disk } from '../../src/journal/disk.js';
import { fileJournal } from '../../src/journal/fileJournal.js';
import { fold } from '../../src/journal/fold.js';
import { nodeDisk } from '../../src/journal/nodeDisk.js';
import { temporaryDirectory } from './children.js';
import { lifeOf, livesOf } from './entries.js';

const entries = livesOf(3);

describe('fileJournal, on a real disk', () => {
  it('should make its directory, keep what is private private, and find everything again', async () => {
    const directory = join(temporaryDirectory(), 'deep', 'down');
    const journal = fileJournal({ directory });
    const { runId, tasks } = await journal.open();
    expect(tasks).toEqual([]);
    await Promise.all(entries.map((entry) => journal.write(entry)));
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'journal.log')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(directory, 'journal.lock'))).toBe(true);
    await journal.close();
    await journal.close();
    expect(existsSync(join(directory, 'journal.lock'))).toBe(false);
    expect(await journal.open()).toEqual(fold(runId, entries));
    await journal.close();
  });

  it('should be refused to whoever opens it twice, in the same process too, and not to another journal', async () => {
    const directory = temporaryDirectory();
    const [one, other] = [fileJournal({ directory }), fileJournal({ directory })];
    await one.open();
    await expect(other.open()).rejects.toBeInstanceOf(JournalLockedError);
    await expect(one.open()).rejects.toMatchObject({ code: 'SLUICE_JOURNAL_LOCKED', pid: process.pid });
    await one.write(entries[0]!);
    const beside = fileJournal({ directory, name: 'beside' });
    await beside.open();
    await beside.close();
    await one.close();
    expect((await other.open()).tasks).toHaveLength(1);
    await other.close();
  });

  it('should refuse a link in the place of its file, which it would replace, and go on where the directory is one', async () => {
    const [directory, elsewhere] = [temporaryDirectory(), temporaryDirectory()];
    const journal = fileJournal({ directory });
    await journal.open();
    await journal.write(entries[0]!);
    await journal.close();
    const file = join(directory, 'journal.log');
    renameSync(file, join(elsewhere, 'journal.log'));
    symlinkSync(join(elsewhere, 'journal.log'), file);
    await expect(journal.open()).rejects.toThrow(
      `${file} is a symbolic link, and a journal is a file of its own: put `,
    );
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    rmSync(join(elsewhere, 'journal.log'));
    await expect(journal.open()).rejects.toThrow(JournalError);
    const linked = join(elsewhere, 'linked');
    rmSync(file);
    symlinkSync(directory, linked);
    const byLink = fileJournal({ directory: linked });
    await byLink.open();
    await byLink.close();
    expect(existsSync(file)).toBe(true);
  });

  it('should wait with closing for what is being opened and written', async () => {
    const directory = temporaryDirectory();
    const journal = fileJournal({ directory });
    const opening = journal.open();
    await journal.close();
    expect((await opening).tasks).toEqual([]);
    expect(existsSync(join(directory, 'journal.lock'))).toBe(false);

    await journal.open();
    const writing = Promise.all(entries.map((entry) => journal.write(entry)));
    await journal.close();
    await writing;
    await expect(journal.write(entries[0]!)).rejects.toThrow(/journal\.log is not open/);
  });

  it('should remove what a compaction that was killed has left', async () => {
    const directory = temporaryDirectory();
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'journal.log.new'), 'half a');
    const journal = fileJournal({ directory });
    await journal.open();
    await journal.close();
    expect(existsSync(join(directory, 'journal.log.new'))).toBe(false);
  });

  it('should grow no longer than twice what it must', async () => {
    const directory = temporaryDirectory();
    const journal = fileJournal({ directory, compactAtBytes: 2_000 });
    const { runId } = await journal.open();
    for (const entry of entries) await journal.write(entry);
    const bytes = (): number => statSync(join(directory, 'journal.log')).size;
    const needed = bytes();
    for (let round = 0; round < 200; round += 1) await journal.write({ type: 'status', id: 'sluice-0', atMs: round });
    expect(bytes()).toBeLessThan(2 * needed + 200);
    await journal.close();
    expect(await journal.open()).toEqual(fold(runId, entries));
    await journal.close();
  });

  it('should need one sync for a thousand writers at once', async () => {
    let syncs = 0;
    const disk: Disk = {
      ...nodeDisk,
      open: async (path) => {
        const file = await nodeDisk.open(path);
        return { ...file, sync: () => file.sync().finally(() => (syncs += 1)) };
      },
    };
    const journal = fileJournal({ directory: temporaryDirectory(), disk });
    await journal.open();
    const [intent] = lifeOf(0);
    syncs = 0;
    await Promise.all(Array.from({ length: 1_000 }, () => journal.write(intent!)));
    expect(syncs).toBe(1);
    for (let round = 0; round < 10; round += 1) await journal.write(intent!);
    expect(syncs).toBe(11);
    await journal.close();
  });

  it('should fail for good, and lose nothing it told of, where the disk is full', async ({ skip }) => {
    const directory = temporaryDirectory();
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory], { stdio: 'pipe' });
    } catch {
      skip('mounting a small file system needs rights that are not here');
    }
    onTestFinished(() => void execFileSync('umount', [directory]));
    const journal = fileJournal({ directory });
    const { runId } = await journal.open();
    const many = livesOf(200);
    const told: unknown[] = [];
    const errors = new Set<unknown>();
    for (let at = 0; at < many.length; at += 7) {
      const group = many.slice(at, at + 7).map((entry) =>
        journal.write(entry).then(
          () => void told.push(entry),
          (error: unknown) => void errors.add(error),
        ),
      );
      await Promise.all(group);
    }
    const [error] = errors;
    expect(errors.size).toBe(1);
    expect(error).toBeInstanceOf(JournalError);
    expect((error as JournalError).message).toMatch(/journal\.log cannot be written \(ENOSPC: .*\): nothing more is/);
    expect((error as JournalError).cause).toMatchObject({ code: 'ENOSPC' });
    await journal.close();

    // Nothing of the group that failed is left; there is no room to open it where it is.
    const found = readFileSync(join(directory, 'journal.log'));
    expect(found.at(-1)).toBe(0x0a);
    const roomy = temporaryDirectory();
    writeFileSync(join(roomy, 'journal.log'), found);
    const moved = fileJournal({ directory: roomy });
    expect(await moved.open()).toEqual(fold(runId, many.slice(0, told.length)));
    await moved.close();
    await expect(journal.open()).rejects.toMatchObject({ code: 'SLUICE_JOURNAL', cause: { code: 'ENOSPC' } });
    expect(readdirSync(directory)).toEqual(['journal.log']);
  });

  it.skipIf(process.platform === 'win32')('should fail for good where it is deleted while it is open', async () => {
    const directory = join(temporaryDirectory(), 'run');
    const journal = fileJournal({ directory });
    await journal.open();
    const [first, second, third] = livesOf(1);
    await journal.write(first!);
    rmSync(directory, { recursive: true });
    await expect(journal.write(second!)).rejects.toThrow('journal.log was deleted while it was written');
    await expect(journal.write(third!)).rejects.toBeInstanceOf(JournalError);
    await journal.close();
  });

  it('should say what is wrong with a directory that cannot be', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    const error = await fileJournal({ directory: join(directory, 'file') })
      .open()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(JournalError);
    expect((error as JournalError).message).toMatch(
      /journal\.log cannot be opened \(E\w+: .*\): choose another directory/,
    );
  });
});

describe('fileJournal', () => {
  it.each<[object, string]>([
    [{}, 'directory'],
    [{ directory: '' }, 'directory'],
    [{ directory: 'd', name: '../up' }, 'name'],
    [{ directory: 'd', name: 'down/there' }, 'name'],
    [{ directory: 'd', compactAtBytes: 0 }, 'compactAtBytes'],
    [{ directory: 'd', damage: 'ignore' }, 'damage'],
    [{ directory: 'd', disk: {} }, 'disk'],
    [{ directory: 'd', fsync: false }, ''],
  ])('refuses %j', (options, path) => {
    expect(() => fileJournal(options as { directory: string })).toThrow(OptionsError);
    expect(() => fileJournal(options as { directory: string })).toThrow(expect.objectContaining({ path }) as Error);
  });

  it('should say which names it takes', () => {
    const naming = (): unknown => fileJournal({ directory: 'd', name: '../up' });
    expect(naming).toThrow(/fileJournal.*name: must be of letters, digits, _ and -/);
  });

  it('should fail with an entry that could not be read again, and with all after it, and with none before it', async () => {
    const journal = fileJournal({ directory: temporaryDirectory() });
    await journal.open();
    const before = journal.write(entries[0]!);
    const error = await journal.write({ ...lifeOf(7)[0]!, credits: NaN } as never).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(JournalError);
    expect((error as JournalError).message).toMatch(/an entry \(intent of sluice-7\) cannot be written .*credits/);
    expect((error as JournalError).cause).toBeInstanceOf(Error);
    await expect(journal.write(entries[1]!)).rejects.toBe(error);
    await before;
    await journal.close();
  });

  it('should digest as SHA-256 does', () => {
    expect(fileJournal({ directory: 'd' }).digest('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
