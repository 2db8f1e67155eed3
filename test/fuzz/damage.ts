import fc from 'fast-check';

/** A byte of a damaged file, and where in the good one it stood. */
export interface Cell {
  readonly byte: number;
  /** Undefined: it is none of that file's, or not as it was. */
  readonly cameFrom?: number;
}

/** What became of a file. */
export interface Damaged {
  readonly good: Uint8Array;
  readonly cells: readonly Cell[];
}

const newline = 0x0a;
type Harm = (cells: readonly Cell[]) => readonly Cell[];

/** Files that were torn, flipped, zeroed, cut into and doubled, a bit or some lines of them at a time. */
export function damaged(files: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Damaged> {
  const spot = fc.nat();
  const length = fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 600 }));
  const harm: fc.Arbitrary<Harm> = fc.oneof(
    spot.map((at) => splicing(at, Infinity, () => [])),
    fc.tuple(spot, fc.nat({ max: 7 })).map(([at, bit]) =>
      splicing(
        at,
        1,
        changing((byte) => byte ^ (1 << bit)),
      ),
    ),
    fc.tuple(spot, length).map(([at, count]) =>
      splicing(
        at,
        count,
        changing(() => 0),
      ),
    ),
    fc.tuple(spot, length).map(([at, count]) => splicing(at, count, () => [])),
    fc.tuple(spot, length).map(([at, count]) => splicing(at, count, (cut) => [...cut, ...cut])),
    fc.tuple(spot, fc.uint8Array({ maxLength: 9 })).map(([at, noise]) => splicing(at, 0, () => cellsOf(noise))),
    // What another writer has put between.
    fc.tuple(spot, spot, length).map(([at, from, count]) => (cells: readonly Cell[]) => {
      const taken = cells.slice(from % (cells.length + 1)).slice(0, count);
      return splicing(at, 0, () => taken)(cells);
    }),
  );
  return fc.tuple(files, fc.array(harm, { minLength: 1, maxLength: 4 })).map(([good, harms]) => {
    const cells = [...good].map((byte, cameFrom): Cell => ({ byte, cameFrom }));
    return { good, cells: harms.reduce<readonly Cell[]>((left, does) => does(left), cells) };
  });
}

export function bytesOf(cells: readonly Cell[]): Buffer {
  return Buffer.from(cells.map(({ byte }) => byte));
}

/** The lines that are all there, in one piece, from the start of a line to its end: by where they began in the good file. */
export function intactLines({ good, cells }: Damaged): readonly number[] {
  return cells.flatMap(({ cameFrom }, at) => {
    if (cameFrom === undefined || !isStart(good, cameFrom) || !isFree(cells[at - 1])) return [];
    const length = good.indexOf(newline, cameFrom) + 1 - cameFrom;
    const line = cells.slice(at, at + length);
    return line.length === length && line.every((cell, i) => cell.cameFrom === cameFrom + i) ? [cameFrom] : [];
  });
}

function isStart(good: Uint8Array, at: number): boolean {
  return at === 0 || good[at - 1] === newline;
}

/** A line can begin behind it: zeros are what a crash leaves. */
function isFree(before: Cell | undefined): boolean {
  return before === undefined || before.byte === newline || before.byte === 0;
}

function splicing(at: number, count: number, put: (cut: readonly Cell[]) => readonly Cell[]): Harm {
  return (cells) => {
    const from = at % (cells.length + 1);
    return [...cells.slice(0, from), ...put(cells.slice(from, from + count)), ...cells.slice(from + count)];
  };
}

function changing(change: (byte: number) => number): (cut: readonly Cell[]) => readonly Cell[] {
  return (cut) => cut.map(({ byte }) => ({ byte: change(byte) }));
}

function cellsOf(bytes: Uint8Array): readonly Cell[] {
  return [...bytes].map((byte) => ({ byte }));
}
