/** Bytes from the first to the last, both counted from 0 and both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * What a `Range` header asks of `length` bytes (at least 1): one range, cut off at the end; `unsatisfiable` where it
 * begins beyond that; `whole` where there is none, or none that a server must heed: another unit, several ranges, nonsense.
 */
export function readRange(header: string | undefined, length: number): ByteRange | 'whole' | 'unsatisfiable' {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (from === undefined || to === undefined || (from === '' && to === '')) return 'whole';
  if (from === '') {
    const count = Math.min(Number(to), length);
    return count === 0 ? 'unsatisfiable' : { first: length - count, last: length - 1 };
  }
  const first = Number(from);
  const last = to === '' ? length - 1 : Number(to);
  if (first > last && to !== '') return 'whole';
  return first >= length ? 'unsatisfiable' : { first, last: Math.min(last, length - 1) };
}
