import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../../src/errors.js';
import type { JournalEntry } from '../../src/journal/journal.js';
import { seededRandom } from '../../src/simulator/seededRandom.js';
import { runs } from '../runs.js';
import { livesOf } from './entries.js';
import { historyOn, journalOn, path, prefixOf } from './journals.js';
import { SimulatedDisk, type DiskOperation, type Fault } from './simulatedDisk.js';

/** Small enough that a journal is written anew several times in a run. */
const compactAtBytes = 700;

interface Run {
  readonly entries: readonly JournalEntry[];
  /** How many are written without waiting for the one before. */
  readonly burst: number;
  readonly compactAtBytes: number;
}

interface Ran {
  /** How many entries were told to be there for good. */
  readonly told: number;
  /** Why the others were not, where something was said of them. */
  readonly errors: readonly unknown[];
  /** Why it could not be opened or closed. */
  readonly end?: unknown;
}

/** Writes it all, and looks at what became of it as the process has come to its end, whichever. */
async function ran(
  machine: SimulatedDisk,
  { entries, burst, compactAtBytes }: Run,
  death: Promise<void>,
): Promise<Ran> {
  const journal = journalOn(machine.boot(), { compactAtBytes });
  let told = 0;
  const errors: unknown[] = [];
  const writeAll = async (): Promise<void> => {
    await journal.open();
    for (let at = 0; at < entries.length; at += burst) {
      const writes = entries.slice(at, at + burst).map(async (entry, place) => {
        try {
          await journal.write(entry);
          // Each is told after all before it.
          if (told === at + place) told += 1;
          else errors.push(`${at + place} was told of after ${told}`);
        } catch (error) {
          errors.push(error);
        }
      });
      await Promise.all(writes);
    }
    await journal.close();
  };
  const end = await Promise.race([writeAll().catch((error: unknown) => error), death]);
  return { told, errors, end };
}

/** A machine on which that happens at the k-th operation, and what ends with it. */
function machineThat(what: Fault | undefined, at: number, seed: number, isLasting = false) {
  let die: () => void = () => undefined;
  const death = new Promise<void>((resolve) => (die = resolve));
  let isHealthy = false;
  const fault = ({ number, kind }: DiskOperation): Fault | undefined => {
    if (isHealthy || (isLasting ? number < at : number !== at)) return undefined;
    if (kind === 'unlock') return undefined;
    if (what === 'crash' || what === 'kill') die();
    return what;
  };
  const machine = new SimulatedDisk({ random: seededRandom(seed), fault });
  return { machine, death, heal: () => (isHealthy = true) };
}

const run = fc.record({
  entries: fc.integer({ min: 1, max: 8 }).map(livesOf),
  burst: fc.integer({ min: 1, max: 9 }),
  compactAtBytes: fc.constantFrom(compactAtBytes, 1_000_000),
});

async function operationsOf(it: Run): Promise<number> {
  const { machine, death } = machineThat(undefined, 0, 1);
  await ran(machine, it, death);
  return machine.operations;
}

describe('a journal', () => {
  it('should always have what it told of, and a prefix of what was written, after a crash at any operation', async () => {
    let compacted = 0;
    await fc.assert(
      fc.asyncProperty(run, fc.nat(), fc.constantFrom<Fault>('crash', 'kill'), fc.nat(), async (it, k, what, seed) => {
        const { machine, death } = machineThat(what, k % (await operationsOf(it)), seed);
        const { told, errors, end } = await ran(machine, it, death);
        // A process that was killed leaves all that it wrote; the next power failure takes it, where it was not synced.
        const survivors = await historyOn(machine, { compactAtBytes: it.compactAtBytes });
        expect([errors, end]).toEqual([[], undefined]);
        expect(prefixOf(it.entries, survivors)).toBeGreaterThanOrEqual(told);
        machine.crash();
        expect(await historyOn(machine)).toEqual(survivors);
        if ((machine.bytesOf(path)?.length ?? 0) < compactAtBytes) compacted += 1;
      }),
      runs(400),
    );
    expect(compacted).toBeGreaterThan(0);
  });

  it('should always go on where it was, however often the machine crashes', async () => {
    await fc.assert(
      fc.asyncProperty(run, fc.array(fc.nat(25), { maxLength: 8 }), fc.nat(), async (it, lives, seed) => {
        let die: () => void = () => undefined;
        let untilDeath = Infinity;
        const fault = (): Fault | undefined => {
          if (untilDeath-- > 0) return undefined;
          die();
          return 'crash';
        };
        const machine = new SimulatedDisk({ random: seededRandom(seed), fault });
        let least = 0;
        for (const operations of [...lives, Infinity]) {
          untilDeath = Infinity;
          const found = prefixOf(it.entries, await historyOn(machine)) ?? -1;
          expect(found).toBeGreaterThanOrEqual(least);
          untilDeath = operations;
          const death = new Promise<void>((resolve) => (die = resolve));
          const { told, errors } = await ran(machine, { ...it, entries: it.entries.slice(found) }, death);
          expect(errors).toEqual([]);
          least = found + told;
        }
        expect(least).toBe(it.entries.length);
      }),
      runs(200),
    );
  });

  it('should always have the new file or the old one, whole, wherever a crash meets its compaction', async () => {
    const it: Run = { entries: livesOf(12), burst: 5, compactAtBytes };
    const operations = await operationsOf(it);
    const seen = new Set<string>();
    for (let at = 0; at < operations; at += 1) {
      for (let seed = 0; seed < 5; seed += 1) {
        const { machine, death } = machineThat('crash', at, seed);
        const { told } = await ran(machine, it, death);
        machine.paths.forEach((each) => seen.add(each));
        expect(prefixOf(it.entries, await historyOn(machine))).toBeGreaterThanOrEqual(told);
        expect(machine.paths).toEqual([path]);
      }
    }
    expect([...seen].sort()).toEqual([path, `${path}.new`]);
  });
});

describe('a journal on a disk with an error', () => {
  it('should always have what it told of, fail for good with one error, and be as good as ever on a better disk', async () => {
    await fc.assert(
      fc.asyncProperty(
        run,
        fc.nat(),
        fc.constantFrom<Fault>('ENOSPC', 'EIO'),
        fc.boolean(),
        fc.nat(),
        async (it, k, what, isLasting, seed) => {
          const { machine, death, heal } = machineThat(what, k % (await operationsOf(it)), seed, isLasting);
          const { told, errors, end } = await ran(machine, it, death);
          for (const error of end === undefined ? errors : [...errors, end]) {
            expect(error).toBeInstanceOf(JournalError);
            expect((error as JournalError).cause).toMatchObject({ code: what });
          }
          expect(new Set(errors).size).toBeLessThanOrEqual(1);
          heal();
          machine.kill();
          if (seed % 2 === 0) machine.crash();
          const survivors = await historyOn(machine);
          expect(prefixOf(it.entries, survivors)).toBeGreaterThanOrEqual(told);
          machine.crash();
          expect(await historyOn(machine)).toEqual(survivors);
        },
      ),
      runs(400),
    );
  });

  it('should never lose a byte to short writes', async () => {
    await fc.assert(
      fc.asyncProperty(run, fc.nat(), async (it, seed) => {
        const { machine, death } = machineThat('short', 0, seed, true);
        expect(await ran(machine, it, death)).toEqual({ told: it.entries.length, errors: [], end: undefined });
        expect(prefixOf(it.entries, await historyOn(machine))).toBe(it.entries.length);
      }),
      runs(50),
    );
  });
});
