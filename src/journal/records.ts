import { crc32 } from 'node:zlib';

/** A line of a journal's file that is whole. */
export interface Line {
  /** Where it begins, in bytes. */
  readonly atByte: number;
  /** How much of the file was on disk for good when it was written. */
  readonly syncedBytes: number;
  readonly json: string;
}

/** Bytes between whole lines that are none. */
export interface Gap {
  readonly atByte: number;
  readonly bytes: number;
}

const newline = 0x0a;
const checksumLength = 8;

/**
 * One line for one record, as people can read it and `grep` finds it:
 *
 *     1b0cb7a4 2048 {"type":"status","id":"sluice-5d41402abc4b2a76b9719d91","atMs":1767225600000}
 *
 * The CRC-32 of all that follows it, then `syncedBytes`, then the record. JSON has no line break of its own, so a line
 * ends where it ends, whatever became of those before it.
 */
export function encodeLine(json: string, syncedBytes: number): string {
  const text = `${syncedBytes} ${json}`;
  return `${crc32(text).toString(16).padStart(checksumLength, '0')} ${text}\n`;
}

/** Lines of a file that is on disk as a whole before anybody sees it: each vouches for all before it. */
export function encodeWhole(jsons: readonly string[]): Uint8Array {
  let atByte = 0;
  const lines = jsons.map((json) => {
    const line = Buffer.from(encodeLine(json, atByte));
    atByte += line.length;
    return line;
  });
  return Buffer.concat(lines);
}

/** Finds the whole lines, and what is between and after them. Never throws: any bytes will do. */
export function decodeLines(bytes: Uint8Array): { readonly lines: readonly Line[]; readonly gaps: readonly Gap[] } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: Line[] = [];
  const gaps: Gap[] = [];
  let wholeUpTo = 0;
  const gapUpTo = (atByte: number): void => {
    if (atByte > wholeUpTo) gaps.push({ atByte: wholeUpTo, bytes: atByte - wholeUpTo });
  };
  let atByte = 0;
  for (let end = buffer.indexOf(newline); end !== -1; end = buffer.indexOf(newline, atByte)) {
    // Where a crash has left zeros, a line begins behind them; there are none in JSON.
    const from = atByte + buffer.subarray(atByte, end).lastIndexOf(0) + 1;
    const line = decodeLine(buffer.subarray(from, end), from);
    if (line !== undefined) {
      gapUpTo(from);
      lines.push(line);
      wholeUpTo = end + 1;
    }
    atByte = end + 1;
  }
  gapUpTo(buffer.length);
  return { lines, gaps };
}

function decodeLine(bytes: Buffer, atByte: number): Line | undefined {
  const head = /^([0-9a-f]{8}) (\d{1,15}) /.exec(bytes.toString('latin1', 0, checksumLength + 17));
  if (head === null) return undefined;
  const [{ length }, checksum = '', syncedBytes = ''] = head;
  if (crc32(bytes.subarray(checksumLength + 1)) !== Number.parseInt(checksum, 16)) return undefined;
  return { atByte, syncedBytes: Number(syncedBytes), json: bytes.toString('utf8', length) };
}
