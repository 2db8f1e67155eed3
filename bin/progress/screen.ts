import { lineColumns, paint, type Line } from './line.js';
import type { Output } from './progress.js';
import type { Size } from './bars.js';

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearToEndOfLine = '\x1b[K';
const clearBelow = '\x1b[J';

/**
 * A block of lines at the bottom of a terminal that is redrawn in place; each change is one write, so nothing flickers.
 * Between two writes the cursor stands at the end of the block: where a terminal breaks lines anew, it moves along.
 */
export class Screen {
  readonly #output: Output;
  readonly #isColoured: boolean;
  #drawn: readonly Line[] = [];
  #shown = '';

  constructor(output: Output, isColoured: boolean) {
    this.#output = output;
    this.#isColoured = isColoured;
  }

  /** What a block may fill. The last column stays free, since terminals differ about what follows a full line. */
  get size(): Size {
    const { columns = 80, rows = 24 } = this.#output;
    return { columns: Math.max(1, columns - 1), rows: Math.max(1, rows - 1) };
  }

  draw(lines: readonly Line[]): void {
    const text = lines.map((line) => `${paint(line, this.#isColoured)}${clearToEndOfLine}`).join('\n');
    if (text === this.#shown) return;
    this.#output.write(`${hideCursor}${this.#toTop()}${text}${clearBelow}`);
    this.#drawn = lines;
    this.#shown = text;
  }

  /** Writes lines above the block, where they scroll away; the block comes back below them. */
  above(text: string): void {
    const block = this.#drawn;
    this.clear();
    this.#output.write(`${text}\n`);
    if (block.length > 0) this.draw(block);
  }

  /** Takes the block away, line by line: some terminals keep a screen that is cleared at once. */
  clear(): void {
    if (this.#drawn.length > 0) {
      const blanks = Array.from({ length: this.#rowsDrawn() }, () => clearToEndOfLine).join('\n');
      this.#output.write(`${this.#toTop()}${blanks}${this.#toTop()}${showCursor}`);
    }
    this.#drawn = [];
    this.#shown = '';
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
