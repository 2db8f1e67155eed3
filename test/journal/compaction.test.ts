import { describe, expect, it } from 'vitest';
import { fold } from '../../src/journal/fold.js';
import type { JournalEntry } from '../../src/journal/journal.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { lifeOf, livesOf } from './entries.js';
import { bytesAfter, historyOn, journalOn, machineWith, path, runId } from './journals.js';
import { SimulatedDisk, type DiskOperation, type Fault } from './simulatedDisk.js';

const life = lifeOf(0);
/** News that nobody needs once it is over. */
const news = Array.from({ length: 40 }, (_, at): JournalEntry => ({ type: 'status', id: 'sluice-0', atMs: at }));
const talk = [...life, ...news];
/** A header, an intent, an accepted and an ended are what is left of it. */
const fewest = 4;

const machineOf = (fault?: (operation: DiskOperation) => Fault | undefined): SimulatedDisk =>
  new SimulatedDisk({ random: seededRandom(1), fault });

const linesOf = (machine: SimulatedDisk): number =>
  Buffer.from(machine.bytesOf(path) ?? [])
    .toString()
    .split('\n').length - 1;

/** The bytes of a journal as it is once it was opened again, which has its lines vouch for each other. */
async function reopened(entries: readonly JournalEntry[]): Promise<Uint8Array> {
  const machine = machineWith(await bytesAfter([entries]));
  await historyOn(machine);
  return machine.bytesOf(path)!;
}

describe('a long journal, as it is opened', () => {
  it('should keep every line where nothing else is asked for', async () => {
    const machine = machineWith(await reopened(talk));
    await historyOn(machine);
    expect(linesOf(machine)).toBe(1 + talk.length);
  });

  it('should be written anew from the given length on', async () => {
    const bytes = await reopened(talk);
    for (const [compactAtBytes, lines] of [
      [bytes.length + 1, 1 + talk.length],
      [bytes.length, fewest],
    ] as const) {
      const machine = machineWith(bytes);
      expect(await historyOn(machine, { compactAtBytes })).toEqual(fold(runId, talk));
      expect(linesOf(machine)).toBe(lines);
    }
  });

  it('should keep what the older tasks of a prompt have cost', async () => {
    const again: JournalEntry[] = [1, 2].map((round) => ({ ...life[0]!, id: `again-${round}`, round }) as JournalEntry);
    const machine = machineWith(await bytesAfter([[...talk, ...again]]));
    const history = await historyOn(machine, { compactAtBytes: 1 });
    expect(history.replaced).toHaveLength(2);
    expect(linesOf(machine)).toBe(4);
    expect(await historyOn(machine)).toEqual(history);
  });
});

describe('a journal that becomes long', () => {
  it('should be written anew from the given length on', async () => {
    const { length } = await bytesAfter(talk.map((entry) => [entry]));
    for (const [compactAtBytes, lines] of [
      [length + 1, 1 + talk.length + 1],
      [length, fewest + 1],
    ] as const) {
      const machine = machineOf();
      const journal = journalOn(machine.boot(), { compactAtBytes });
      await journal.open();
      for (const entry of [...talk, news[0]!]) await journal.write(entry);
      expect(linesOf(machine)).toBe(lines);
    }
  });

  it('should be left alone, where that does not halve it, until it has doubled', async () => {
    const reads: number[] = [];
    let renames = 0;
    const machine: SimulatedDisk = machineOf((operation) => {
      if (operation.kind === 'read') reads.push(machine.bytesOf(path)?.length ?? 0);
      if (operation.kind === 'rename') renames += 1;
      return undefined;
    });
    const intents = livesOf(120).slice(0, 120);
    for (const part of [intents.slice(0, 60), intents.slice(60)]) {
      const journal = journalOn(machine.boot(), { compactAtBytes: 1 });
      await journal.open();
      for (const entry of part) await journal.write(entry);
      await journal.close();
    }
    // As it was opened, twice, and between that: never before it had doubled.
    expect(renames).toBe(2);
    const [none, ...lengths] = reads;
    expect(none).toBe(0);
    const opened = lengths.findIndex((length, at) => at > 0 && length < 2 * lengths[at - 1]!);
    expect(opened).toBeGreaterThan(2);
    const afterwards = lengths.slice(opened);
    for (const known of [lengths.slice(0, opened), afterwards]) {
      known.slice(1).forEach((length, at) => expect(length).toBeGreaterThanOrEqual(2 * known[at]!));
    }
    expect(await historyOn(machine)).toEqual(fold(runId, intents));
  });

  it('should go on as it is where there is no room for a shorter one beside it', async () => {
    let isFull = false;
    const machine = machineOf(({ kind, path: where }) =>
      isFull && kind === 'append' && where !== path ? 'ENOSPC' : undefined,
    );
    const journal = journalOn(machine.boot(), { compactAtBytes: 500 });
    await journal.open();
    isFull = true;
    for (const entry of talk) await journal.write(entry);
    await journal.close();
    expect(linesOf(machine)).toBe(1 + talk.length);
    expect(machine.paths).toEqual([path]);
    isFull = false;
    expect(await historyOn(machine)).toEqual(fold(runId, talk));
  });

  it('should never be written anew where it was damaged meanwhile: what is lost could not be found any more', async () => {
    const machine = machineOf();
    const { length } = await bytesAfter(talk.map((entry) => [entry]));
    const journal = journalOn(machine.boot(), { compactAtBytes: length, damage: 'skip' });
    await journal.open();
    for (const entry of talk) await journal.write(entry);
    const damaged = Buffer.from(machine.bytesOf(path)!);
    damaged[200]! ^= 1;
    machine.put(path, damaged);
    await expect(journal.write(news[0]!)).rejects.toThrow(/is damaged: .* \(damage: 'skip'\)/);
    expect(Buffer.compare(machine.bytesOf(path)!, damaged)).toBe(0);
  });
});
