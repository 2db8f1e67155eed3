import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { syncDirectory } from '../src/syncDirectory.js';
import { clean } from './text.js';
import { cannotBeWritten, UsageError } from './usageError.js';

/** The flags that make another task of every prompt, or look for tasks elsewhere; one that was not given is not there. */
export type Settings = Readonly<Record<string, string>>;

/** What this version writes, and the newest that it reads. */
const format = 1;

const file = z.object({ format: z.int(), settings: z.record(z.string(), z.string()) });

/** The settings with which the runs in `directory` began; undefined where none has. @throws UsageError */
export function readSettings(directory: string): Settings | undefined {
  const path = pathIn(directory);
  if (!existsSync(path)) return undefined;
  const found = file.safeParse(jsonIn(path));
  if (!found.success || found.data.format > format) {
    throw new UsageError(
      `${path} cannot be read by this version of sluice: use the one that wrote it, or put it back from a copy (in another ` +
        '--out all of it would be made and paid for again); nothing was submitted',
    );
  }
  return found.data.settings;
}

/** They are there whole, or not at all, whatever happens meanwhile. @throws UsageError */
export async function writeSettings(directory: string, settings: Settings): Promise<void> {
  const path = pathIn(directory);
  try {
    writeWhole(`${path}.new`, `${JSON.stringify({ format, settings }, undefined, 2)}\n`);
    renameSync(`${path}.new`, path);
    await syncDirectory(directory);
  } catch (error) {
    throw cannotBeWritten(path, error);
  }
}

/**
 * With other settings all prompts are others, and would all be made and paid for once more.
 *
 * @throws UsageError naming the flags that differ
 */
export function refuseOthers(directory: string, before: Settings, now: Settings): void {
  const names = Object.keys({ ...before, ...now }).filter((name) => before[name] !== now[name]);
  if (names.length === 0) return;
  const differences = names.map((name) => `${shown(name, before)} before, ${shown(name, now)} now`);
  throw new UsageError(
    `${directory} has a run of other flags (${differences.join('; ')}), and with these all of it would be made and paid ` +
      'for again: give the same flags, or choose another --out; nothing was submitted',
  );
}

function shown(name: string, settings: Settings): string {
  const value = settings[name];
  return value === undefined ? `no ${clean(name)}` : `${clean(name)} ${JSON.stringify(value)}`;
}

function pathIn(directory: string): string {
  return join(directory, 'run.json');
}

function jsonIn(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function writeWhole(path: string, text: string): void {
  // A link that somebody has put there leads elsewhere.
  rmSync(path, { force: true });
  const opened = openSync(path, 'wx', 0o600);
  try {
    writeSync(opened, text);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}
