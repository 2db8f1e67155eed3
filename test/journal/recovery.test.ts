import { describe, expect, it } from 'vitest';
import { JournalError } from '../../src/errors.js';
import type { JournalRepair } from '../../src/journal/fileJournal.js';
import { fold } from '../../src/journal/fold.js';
import { encodeLine } from '../../src/journal/records.js';
import { lifeOf, livesOf } from './entries.js';
import { bytesAfter, historyOn, journalOn, machineWith, path, prefixOf, runId } from './journals.js';

const entries = livesOf(3);
const each = await bytesAfter(entries.map((entry) => [entry]));
const asOneGroup = await bytesAfter([entries]);
const lines = each.toString().split('\n').slice(0, -1);
const headerLength = lines[0]!.length + 1;
const [next] = lifeOf(99);

/** Where each line of a file begins. */
function starts(bytes: Buffer): readonly number[] {
  return [0, ...[...bytes.keys()].filter((at) => bytes[at] === 0x0a).map((at) => at + 1)].slice(0, -1);
}

describe('a journal that ends in the middle', () => {
  it('should always have what stood whole, and go on from there', async () => {
    for (let length = headerLength; length <= each.length; length += 1) {
      const machine = machineWith(each.subarray(0, length));
      const repairs: JournalRepair[] = [];
      const journal = journalOn(machine.boot(), { onRepair: (repair) => repairs.push(repair) });
      const whole =
        starts(each)
          .filter((at) => at > 0 && at <= length)
          .at(-1) ?? 0;
      const kept = entries.slice(0, starts(each).indexOf(whole) - 1);
      const end = length === each.length ? length : whole;

      const expected = length === each.length ? entries : kept;
      expect(await journal.open()).toEqual(fold(runId, expected));
      expect(repairs).toEqual(end === length ? [] : [{ file: path, atByte: end, bytes: length - end }]);

      await journal.write(next!);
      await journal.close();
      expect(await historyOn(machine)).toEqual(fold(runId, [...expected, next!]));
    }
  });

  it('should never be taken for a new one where its first line is not whole: its ids would be others', async () => {
    for (let length = 0; length < headerLength; length += 1) {
      const machine = machineWith(each.subarray(0, length));
      await expect(historyOn(machine, { damage: 'skip' })).rejects.toThrow(/does not begin as a journal does/);
      expect(machine.bytesOf(path)).toHaveLength(length);
    }
  });

  it('should always lose garbage at its end', async () => {
    for (const garbage of [Buffer.alloc(5_000), Buffer.from('\n\n{"type":"ended"}\n'), Buffer.from([0xff, 0x0a])]) {
      expect(await historyOn(machineWith(Buffer.concat([each, garbage])))).toEqual(fold(runId, entries));
    }
  });
});

describe('a journal with a flipped bit', () => {
  it('should always be refused, with the place, where a line is lost that had been on disk for good', async () => {
    for (let at = headerLength; at < starts(each).at(-1)!; at += 1) {
      const bytes = Buffer.from(each);
      bytes[at] = bytes[at]! ^ (1 << (at % 8));
      const machine = machineWith(bytes);
      const lost = starts(each)
        .filter((start) => start <= at)
        .at(-1);
      const error = await historyOn(machine).catch((thrown: unknown) => thrown);
      // Where the last two lines have become one, there is nothing behind it to show that they were there.
      if (at === starts(each).at(-1)! - 1) continue;
      expect(error).toBeInstanceOf(JournalError);
      expect((error as JournalError).message).toContain(`at byte ${lost} cannot be read`);
      expect((error as JournalError).message).toContain(path);
      expect(Buffer.compare(machine.bytesOf(path)!, bytes)).toBe(0);
    }
  });

  it('should always keep all other lines where damage is to be skipped, and be sound from there on', async () => {
    for (let line = 1; line < lines.length; line += 1) {
      const bytes = Buffer.from(each);
      bytes[starts(each)[line]! + 3]! ^= 1;
      const machine = machineWith(bytes);
      const repairs: JournalRepair[] = [];
      const rest = entries.filter((_, index) => index !== line - 1);
      const skipping = { damage: 'skip', onRepair: (repair: JournalRepair) => repairs.push(repair) } as const;
      expect(await historyOn(machine, skipping)).toEqual(fold(runId, rest));
      expect(repairs).toEqual([{ file: path, atByte: starts(each)[line], bytes: Buffer.byteLength(lines[line]!) + 1 }]);
      expect(await historyOn(machine)).toEqual(fold(runId, rest));
    }
  });
});

describe('a journal without one of its lines', () => {
  const without = lines
    .filter((_, index) => index !== 2)
    .map((line) => `${line}\n`)
    .join('');

  it('should be refused', async () => {
    await expect(historyOn(machineWith(Buffer.from(without)))).rejects.toThrow(/before byte \d+ some of it is missing/);
  });

  it('should keep the others where damage is to be skipped, and be sound from there on', async () => {
    const machine = machineWith(Buffer.from(without));
    const rest = fold(
      runId,
      entries.filter((_, index) => index !== 1),
    );
    expect(await historyOn(machine, { damage: 'skip' })).toEqual(rest);
    expect(await historyOn(machine)).toEqual(rest);
  });
});

describe('a group of lines of which a crash has left some', () => {
  it('should always keep those that are whole: nobody was told of the others', async () => {
    for (let line = 1; line < starts(asOneGroup).length; line += 1) {
      const bytes = Buffer.from(asOneGroup);
      bytes.fill(0, starts(asOneGroup)[line], starts(asOneGroup)[line + 1] ?? bytes.length);
      const machine = machineWith(bytes);
      const rest = fold(
        runId,
        entries.filter((_, index) => index !== line - 1),
      );
      expect(await historyOn(machine)).toEqual(rest);
      expect(await historyOn(machine)).toEqual(rest);
    }
  });

  it('should be refused where a later group knows that it was there', async () => {
    const more = await bytesAfter([entries, [next!]]);
    const bytes = Buffer.from(more);
    bytes.fill(0, starts(more)[2], starts(more)[3]);
    await expect(historyOn(machineWith(bytes))).rejects.toThrow(JournalError);
  });
});

describe('a file that is not understood', () => {
  const headerOf = (header: object): string => encodeLine(JSON.stringify(header), 0);

  it.each([
    ['another file', 'hello\nworld\n', /does not begin as a journal does.*another directory or name/],
    ['a newer format', headerOf({ type: 'journal', format: 2, runId }), /is of format 2, .* up to 1: upgrade sluice/],
    ['text that is no JSON', encodeLine('{', 0), /at byte 0 is whole, .* writes \(.*JSON.*\): use the version/],
    ['no header', encodeLine('{"type":"status","id":"a","atMs":1}', 0), /at byte 0 is whole, and not what/],
    [
      'an entry of a kind that is not known',
      headerOf({ type: 'journal', format: 1, runId }) + encodeLine('{"type":"paused"}', 0),
      /at byte \d\d is whole, and not what this version of sluice writes \(type: .*\): use the version that wrote it/,
    ],
    [
      'an entry with a cost that is none',
      headerOf({ type: 'journal', format: 1, runId }) + encodeLine(JSON.stringify({ ...lifeOf(1)[0], credits: -1 }), 0),
      /\(credits: too small.*\): use the version that wrote it/,
    ],
  ])('%s is refused, and left as it is', async (_, text, message) => {
    for (const damage of ['refuse', 'skip'] as const) {
      const machine = machineWith(Buffer.from(text));
      const error = await historyOn(machine, { damage }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(JournalError);
      expect((error as JournalError).message).toMatch(message);
      expect((error as JournalError).file).toBe(path);
      expect(Buffer.from(machine.bytesOf(path)!).toString()).toBe(text);
      await expect(historyOn(machine)).rejects.not.toMatchObject({ code: 'SLUICE_JOURNAL_LOCKED' });
    }
  });

  it('should keep what was wrong with a line as the cause', async () => {
    const opening = historyOn(machineWith(Buffer.from(encodeLine('{', 0))));
    await expect(opening).rejects.toMatchObject({ cause: expect.any(SyntaxError) as SyntaxError });
  });
});

it('should know its prefixes', () => {
  expect(prefixOf(entries, fold(runId, entries))).toBe(entries.length);
  expect(prefixOf(entries, fold(runId, entries.slice(1)))).toBeUndefined();
});
