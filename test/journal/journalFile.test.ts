import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/journal/disk.js';
import { encodeEntry } from '../../src/journal/entries.js';
import { JournalFile } from '../../src/journal/journalFile.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { lifeOf } from './entries.js';
import { journalOn, path, runId } from './journals.js';
import { SimulatedDisk } from './simulatedDisk.js';

const [intent] = lifeOf(0);

describe('the file of a journal', () => {
  it('should take nothing once it is closed', async () => {
    const disk = new SimulatedDisk({ random: seededRandom(1) }).boot();
    const options = { disk, path, damage: 'refuse', compactAtBytes: 1_000 } as const;
    const { file } = await JournalFile.open({ ...options, newRunId: () => runId, onRepair: () => undefined });
    await file.close();
    await expect(file.append([encodeEntry(intent!)])).rejects.toThrow('it is closed');
  });

  it('should fail on a disk that takes no bytes and says no error, and not ask for ever', async () => {
    let asked = 0;
    const real = new SimulatedDisk({ random: seededRandom(1) }).boot();
    const append = (): Promise<number> =>
      (asked += 1) > 3 ? Promise.reject(new Error('asked again')) : Promise.resolve(0);
    const disk: Disk = { ...real, open: async (it) => ({ ...(await real.open(it)), append }) };
    await expect(journalOn(disk).open()).rejects.toThrow(/\(the disk takes no more bytes\)/);
  });

  it('should say that nothing is lost where it cannot be closed, and be free for the next', async () => {
    let isBroken = false;
    const fault = ({ kind }: { kind: string }): 'EIO' | undefined => (isBroken && kind === 'close' ? 'EIO' : undefined);
    const machine = new SimulatedDisk({ random: seededRandom(1), fault });
    const disk = machine.boot();
    const journal = journalOn(disk);
    await journal.open();
    await journal.write(intent!);
    isBroken = true;
    await expect(journal.close()).rejects.toThrow(
      /journal\.log cannot be closed \(EIO.*\): all that was written is safe/,
    );
    isBroken = false;
    expect((await journalOn(disk).open()).tasks).toHaveLength(1);
  });
});
