import type * as FileSystem from 'node:fs';
import type * as Promises from 'node:fs/promises';
import { afterAll, expect, it, vi } from 'vitest';
import { scratch } from './sluice.js';

// As CIFS does: files are synced, directories are not.
const unsupported = (): Error => Object.assign(new Error('invalid argument'), { code: 'EINVAL', syscall: 'fsync' });

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof FileSystem>();
  const fsyncSync = (file: number): void => {
    if (fs.fstatSync(file).isDirectory()) throw unsupported();
    fs.fsyncSync(file);
  };
  return { ...fs, fsyncSync };
});

vi.mock('node:fs/promises', async (load) => {
  const fs = await load<typeof Promises>();
  const open: typeof fs.open = async (path, ...how) => {
    const handle = await fs.open(path, ...how);
    if ((await handle.stat()).isDirectory()) handle.sync = () => Promise.reject(unsupported());
    return handle;
  };
  return { ...fs, open };
});

// Test files share their modules: what others have loaded syncs as it should, and is to do so after this.
vi.resetModules();
const { RunDirectory } = await import('../../bin/runDirectory.js');
afterAll(() => void vi.resetModules());

it('is no reason not to begin a run there', async () => {
  const directory = await RunDirectory.open(scratch(), { '--api': 'v1' });
  const results = await directory.begin();
  results.close();
  await directory.close();
  const again = await RunDirectory.open(directory.path, { '--api': 'v1' });
  expect(again.history).toEqual(directory.history);
  await again.close();
});
