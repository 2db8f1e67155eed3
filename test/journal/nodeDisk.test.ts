import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeDisk } from '../../src/journal/nodeDisk.js';
import { temporaryDirectory } from './children.js';

describe("the machine's own disk", () => {
  it('should read what is there, nothing where there is none, and fail with what cannot be read', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'file');
    expect(await nodeDisk.read(path)).toBeUndefined();
    writeFileSync(path, 'text');
    expect(await nodeDisk.read(path)).toEqual(Buffer.from('text'));
    await expect(nodeDisk.read(directory)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it.runIf(process.platform === 'linux')('should not call synced what cannot be', async () => {
    const file = await nodeDisk.open('/dev/null');
    await expect(file.sync()).rejects.toMatchObject({ code: 'EINVAL', syscall: 'fdatasync' });
    await file.close();
  });

  it('should make directories that are there already, and remove files that are not', async () => {
    const directory = temporaryDirectory();
    await nodeDisk.makeDirectory(directory);
    await nodeDisk.remove(join(directory, 'none'));
    expect(readdirSync(directory)).toEqual([]);
  });
});
