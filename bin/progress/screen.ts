import { lineColumns, paint, type Line } from './line.js';
import type { Output } from './progress.js';
import type { Size } from './view.js';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearToEndOfLine = '\x1b[K';
/** The whole of it, and with it that it went on in the next, which a terminal that breaks lines anew may remember. */
const clearLine = '\x1b[2K';
const clearBelow = '\x1b[J';
/** Between the two, a terminal that knows them shows nothing; others take no notice. */
const [beginFrame, endFrame] = ['\x1b[?2026h', '\x1b[?2026l'];

/**
 * A block of lines at the bottom of a terminal that is redrawn in place. Each change is one write of the lines that have
 * changed, so nothing flickers. Between two writes the cursor is hidden, and stands at the end of the block: where a
 * terminal breaks lines anew, it moves along.
 */
export class Screen {
  readonly #output: Output;
  readonly #isColoured: boolean;
  #drawn: readonly Line[] = [];
  #shown: readonly string[] = [];
  #sizeShown: Size | undefined;

  constructor(output: Output, isColoured: boolean) {
    this.#output = output;
    this.#isColoured = isColoured;
  }

  /**
   * What a block may fill. The last column stays free, since terminals differ about what follows a full line. A terminal
   * that nobody has told its size (a serial line, one of `script` or `docker exec`) says that it is 0.
   */
  get size(): Size {
    const { columns = 0, rows = 0 } = this.#output;
    return { columns: Math.max(1, (columns > 0 ? columns : 80) - 1), rows: Math.max(1, (rows > 0 ? rows : 24) - 1) };
  }

  draw(lines: readonly Line[]): void {
    const painted = lines.map((line) => paint(line, this.#isColoured));
    const isInPlace = this.#hasSizeShown() && painted.length === this.#shown.length;
    if (isInPlace && painted.every((text, row) => text === this.#shown[row])) return;
    const frame = isInPlace ? this.#changed(painted) : block(painted);
    this.#output.write(`${beginFrame}${hideCursor}${this.#toTop()}${frame}${endFrame}`);
    this.#keep(lines, painted);
  }

  /** Writes lines above the block, where they scroll away, in the place of the block; it comes back below them. */
  above(text: string): void {
    if (this.#drawn.length === 0) {
      this.#output.write(`${text}\n`);
      return;
    }
    const lines = text.split('\n').map((line) => `${clearLine}${line}${clearToEndOfLine}\n`);
    this.#output.write(`${beginFrame}${this.#toTop()}${lines.join('')}${block(this.#shown)}${endFrame}`);
    this.#keep(this.#drawn, this.#shown);
  }

  /** Takes the block away, line by line: some terminals keep a screen that is cleared at once. */
  clear(): void {
    if (this.#drawn.length > 0) {
      const blanks = Array.from({ length: this.#rowsDrawn() }, () => clearToEndOfLine).join('\n');
      this.#output.write(`${this.#toTop()}${blanks}${this.#toTop()}${showCursor}`);
    }
    this.#keep([], []);
  }

  #keep(lines: readonly Line[], painted: readonly string[]): void {
    this.#drawn = lines;
    this.#shown = painted;
    this.#sizeShown = this.size;
  }

  #hasSizeShown(): boolean {
    const { columns, rows } = this.size;
    return columns === this.#sizeShown?.columns && rows === this.#sizeShown.rows;
  }

  /** The lines that differ from those that are shown, and the last one: the cursor ends where that ends. */
  #changed(painted: readonly string[]): string {
    const last = painted.length - 1;
    const isSame = (text: string, row: number): boolean => row < last && text === this.#shown[row];
    return painted.map((text, row) => (isSame(text, row) ? '' : `${text}${clearToEndOfLine}`)).join('\n');
  }

  /** From the last row of the block to the beginning of its first. */
  #toTop(): string {
    const rows = this.#rowsDrawn() - 1;
    return rows > 0 ? `\r\x1b[${rows}A` : '\r';
  }

  /** The rows that the block takes; a terminal that was made narrower since has broken its lines. */
  #rowsDrawn(): number {
    const { columns, rows } = this.size;
    const rowsOf = (line: Line): number => Math.max(1, Math.ceil(lineColumns(line) / (columns + 1)));
    const drawn = this.#drawn.reduce((sum, line) => sum + rowsOf(line), 0);
    return Math.min(drawn, rows + 1);
  }
}

/** All lines, and nothing left below them. */
function block(painted: readonly string[]): string {
  return `${painted.map((text) => `${clearLine}${text}`).join('\n')}${clearBelow}`;
}
