import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../../src/errors.js';
import { fold } from '../../src/journal/fold.js';
import { encodeWhole } from '../../src/journal/records.js';
import { recover } from '../../src/journal/recovery.js';
import { livesOf } from '../journal/entries.js';
import { bytesAfter, historyOn, machineWith, path } from '../journal/journals.js';
import { runs } from '../runs.js';
import { expectLinear, expectUnpolluted, outcomeOf } from './expectations.js';
import { mangledBytes } from './mangled.js';
import { bytesOf, damaged, intactLines, type Damaged } from './damage.js';

const entries = livesOf(4);
/** As it was written: an entry a trip to the disk, all at once, or a few together. */
const journals = await Promise.all([1, 3, entries.length].map((size) => bytesAfter(grouped(size))));
const journal = fc.constantFrom(...journals);
const policy = fc.constantFrom('refuse', 'skip');

function grouped(size: number): (typeof entries)[] {
  return Array.from({ length: Math.ceil(entries.length / size) }, (_, i) => entries.slice(i * size, (i + 1) * size));
}

describe('the file of a journal, of any bytes', () => {
  it('should never be anything but what stands in it, or a JournalError', () => {
    const bytes = fc.oneof(mangledBytes(journal), fc.uint8Array({ maxLength: 300 }));
    fc.assert(
      fc.property(bytes, policy, (content, damage) => {
        const outcome = outcomeOf(() => recover(content, path, damage));
        expectUnpolluted();
        if ('error' in outcome) {
          expect(outcome.error).toBeInstanceOf(JournalError);
          return;
        }
        const { runId, jsons } = outcome.value;
        // Written anew it is the same, and nothing of it is damaged any more.
        expect(recover(encodeWhole(jsons), path, 'refuse')).toEqual({ ...outcome.value, gaps: [] });
        expectUnpolluted(fold(runId, outcome.value.entries));
      }),
      runs(400),
    );
  });

  it('should never lose a line that is still whole, whatever became of those around it', () => {
    let kept = 0;
    fc.assert(
      fc.property(damaged(journal), (file) => {
        const intact = intactLines(file);
        const heads = intact.filter((at) => at === 0);
        const outcome = outcomeOf(() => recover(bytesOf(file.cells), path, 'skip'));
        if ('error' in outcome) {
          // Without its head nobody can say whose it is, and with a second one not either.
          expect(isWhole(file, 0) && heads.length === 1).toBe(false);
          return;
        }
        kept += intact.length;
        const { jsons } = outcome.value;
        expect(missingFrom(jsons, linesAt(file.good, intact))).toEqual([]);
        const known = linesAt(file.good, startsOf(file.good));
        expect(jsons.filter((json) => !known.includes(json))).toEqual([]);
      }),
      runs(400),
    );
    expect(kept).toBeGreaterThan(500);
  });

  it('should never be refused for a tail that nobody was told is there', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: entries.length }),
        fc.nat(),
        fc.uint8Array({ maxLength: 50 }),
        (told, length, noise) => {
          const whole = journals[0] ?? Buffer.of();
          const [from = 0, until = whole.length] = startsOf(whole).slice(told + 1);
          const torn = whole.subarray(0, from + (length % (until - from + 1)));
          const { entries: read } = recover(Buffer.concat([torn, noise]), path, 'refuse');
          expect(read.length).toBeGreaterThanOrEqual(told);
        },
      ),
      runs(200),
    );
  });

  it('should always open, or be refused, and change nothing as it is refused', async () => {
    await fc.assert(
      fc.asyncProperty(mangledBytes(journal), policy, async (content, damage) => {
        const machine = machineWith(content);
        const [first, again] = [await opened(machine, damage), await opened(machine, damage)];
        expect(again).toEqual(first);
        if (first instanceof Error) expect(content.equals(machine.bytesOf(path) ?? Buffer.of())).toBe(true);
      }),
      runs(100),
    );
  });

  it('should never take longer to read than it is long', () => {
    const read = (text: string): unknown => recover(Buffer.from(text, 'latin1'), path, 'skip');
    for (const piece of ['\n', '\0', '0', '00000000 0 \n', '00000000 000000000000000', '\0\n']) {
      expectLinear(read, (length) => piece.repeat(length / piece.length));
    }
  });
});

function isWhole({ cells }: Damaged, line: number): boolean {
  return cells[0]?.cameFrom === line;
}

function startsOf(file: Uint8Array): readonly number[] {
  return [0, ...[...file.keys()].filter((at) => file[at] === 0x0a).map((at) => at + 1)];
}

function linesAt(file: Uint8Array, starts: readonly number[]): readonly string[] {
  const lines = starts.map((at) => Buffer.from(file.subarray(at, file.indexOf(0x0a, at))).toString());
  return lines.map((line) => line.slice(line.indexOf('{')));
}

/** What of `due` is not there, in that order. */
function missingFrom(found: readonly string[], due: readonly string[]): readonly string[] {
  let at = 0;
  return due.filter((line) => {
    const place = found.indexOf(line, at);
    if (place !== -1) at = place + 1;
    return place === -1;
  });
}

async function opened(machine: ReturnType<typeof machineWith>, damage: 'refuse' | 'skip'): Promise<unknown> {
  try {
    return await historyOn(machine, { damage });
  } catch (error) {
    expect(error).toBeInstanceOf(JournalError);
    return error;
  }
}
