import type * as FileSystem from 'node:fs';
import { writeSync } from 'node:fs';
import { afterAll, expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../../examples/streaming-backend/connection.js';
import { settingsFrom } from '../../examples/streaming-backend/settings.js';
import type { LogEntry } from '../../examples/streaming-backend/taskLog.js';
import { scratch } from '../bin/sluice.js';

/** How much the disk still takes, in bytes. */
let room = Infinity;

vi.mock('node:fs', async (load) => {
  const fs = await load<typeof FileSystem>();
  /** As a disk that fills up: it takes what it has room for, and refuses what comes after that. */
  const writeWithin = (file: number, bytes: Uint8Array, offset: number, length: number, position: number): number => {
    const taken = Math.min(room, length);
    if (taken === 0) throw new Error('ENOSPC');
    room -= taken;
    return fs.writeSync(file, bytes, offset, taken, position);
  };
  return { ...fs, writeSync: vi.fn(writeWithin) };
});

// Test files share their modules: what others have loaded writes to the real disk, and is to do so after this.
vi.resetModules();
const { Studio } = await import('../../examples/streaming-backend/studio.js');
const { TaskLog } = await import('../../examples/streaming-backend/taskLog.js');
afterAll(() => void vi.resetModules());

const submitted = (id: string): LogEntry => ({ type: 'submitted', id, person: 'somebody', prompt: 'a cat', atMs: 1 });

it('keeps whole lines alone on a disk that is full for a while, and all that it has accepted', () => {
  const directory = scratch();
  const log = new TaskLog(directory, 10);
  log.write(submitted('first'));
  room = 20;
  expect(() => log.write(submitted('lost'))).toThrow('ENOSPC');
  room = Infinity;
  log.write(submitted('second'));
  log.close();
  expect(writeSync).toHaveBeenCalledTimes(4);
  expect([...new TaskLog(directory, 10).tasks.keys()]).toEqual(['first', 'second']);
});

it('ends where the disk does not take that a task starts, instead of letting it wait for ever', async () => {
  const directory = scratch();
  const settings = settingsFrom({ DATA_DIR: directory });
  const connection = await connect(settings);
  onTestFinished(() => connection.close());
  const failed = vi.fn<(error: unknown) => void>();
  const studio = new Studio(settings, connection, failed);
  await studio.ready;
  // Enough for what was submitted, and not for its start.
  room = 140;
  studio.submit('somebody', 'a cat');
  await vi.waitUntil(() => failed.mock.calls.length > 0);
  room = Infinity;
  expect(String(failed.mock.lastCall)).toContain('ENOSPC');
  studio.close();
  const [task] = new TaskLog(directory, 10).tasks.values();
  expect(task).toMatchObject({ prompt: 'a cat', isStarted: false });
});
