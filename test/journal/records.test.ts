import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../../src/journal/entries.js';
import { decodeLines, encodeLine, encodeWhole } from '../../src/journal/records.js';
import type { TaskOutput } from '../../src/tasks/taskApi.js';
import { runs } from '../runs.js';
import { anyEntry } from './entries.js';

const jsons = fc.array(anyEntry.map(encodeEntry), { minLength: 1, maxLength: 12 });

describe('a line of a journal', () => {
  it('is what a person reads', () => {
    const json = encodeEntry({ type: 'status', id: 'sluice-1', atMs: 5 });
    const text = '2048 {"type":"status","id":"sluice-1","atMs":5}';
    expect(encodeLine(json, 2_048)).toBe(`${crc32(text).toString(16).padStart(8, '0')} ${text}\n`);
    expect(encodeLine('""', 7)).toBe('06275e20 7 ""\n');
  });

  it('holds an output whose duration is said to be undefined', () => {
    const url = 'https://files.invalid/1';
    const unsaid: Record<string, unknown> = { durationMs: undefined };
    const outputs: readonly TaskOutput[] = [{ type: 'video', url, ...unsaid }];
    const outcome = { status: 'succeeded', outputs, attempts: 1, endedAtMs: 5, credits: 1 } as const;
    const entry = decodeEntry(encodeEntry({ type: 'ended', id: 'sluice-1', outcome, atMs: 5 }));
    expect(entry).toStrictEqual({
      type: 'ended',
      id: 'sluice-1',
      atMs: 5,
      outcome: { ...outcome, outputs: [{ type: 'video', url }] },
    });
  });

  it('should always be read as it was written', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 12 }), fc.nat(), (entries, syncedBytes) => {
        const text = entries.map((entry) => encodeLine(encodeEntry(entry), syncedBytes)).join('');
        const { lines, gaps } = decodeLines(Buffer.from(text));
        expect(lines.map(({ json }) => decodeEntry(json))).toEqual(entries);
        expect(lines.every((line) => line.syncedBytes === syncedBytes)).toBe(true);
        expect(gaps).toEqual([]);
      }),
      runs(300),
    );
  });

  it('should always vouch for those before it, in a file that is written as a whole', () => {
    fc.assert(
      fc.property(jsons, (all) => {
        const { lines } = decodeLines(encodeWhole(all));
        expect(lines.map(({ json }) => json)).toEqual(all);
        expect(lines.map(({ syncedBytes }) => syncedBytes)).toEqual(lines.map(({ atByte }) => atByte));
      }),
      runs(100),
    );
  });

  it('should never be read as another where a bit has flipped, nor take more than its neighbour along', () => {
    fc.assert(
      fc.property(jsons, fc.nat(), fc.nat(7), (all, at, bit) => {
        const bytes = Buffer.from(encodeWhole(all));
        const written = decodeLines(bytes).lines;
        const flipped = at % bytes.length;
        bytes[flipped] = bytes[flipped]! ^ (1 << bit);
        const read = decodeLines(bytes).lines;
        expect(read.length).toBeLessThan(all.length);
        expect(read.length).toBeGreaterThanOrEqual(all.length - 2);
        expect(written).toEqual(expect.arrayContaining([...read]));
      }),
      runs(500),
    );
  });

  it('should always be found between any other bytes, which are all told of', () => {
    const garbage = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(fc.array(fc.tuple(garbage, anyEntry), { maxLength: 6 }), garbage, (parts, end) => {
        const pieces = parts.flatMap(([before, entry]) => [
          Buffer.concat([before, Buffer.from('\n')]),
          Buffer.from(encodeLine(encodeEntry(entry), 0)),
        ]);
        const bytes = Buffer.concat([...pieces, end]);
        const { lines, gaps } = decodeLines(bytes);
        expect(lines.map(({ json }) => decodeEntry(json))).toEqual(parts.map(([, entry]) => entry));
        const ofLines = lines.map(({ json, syncedBytes }) => Buffer.byteLength(encodeLine(json, syncedBytes)));
        expect(sum(ofLines) + sum(gaps.map((gap) => gap.bytes))).toBe(bytes.length);
      }),
      runs(300),
    );
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
