import { columnsOf, crop } from '../text.js';

export type Style = 'good' | 'bad' | 'dim' | 'bold';

/** A piece of a line of the screen. */
export interface Span {
  readonly text: string;
  readonly style?: Style;
}

export type Line = readonly Span[];

const codes: Readonly<Record<Style, string>> = { good: '32', bad: '31', dim: '2', bold: '1' };

/** The columns that a line takes. */
export function lineColumns(line: Line): number {
  return line.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/** The line, cropped to `columns`. */
export function fit(line: Line, columns: number): Line {
  if (lineColumns(line) <= columns) return line;
  const fitted: Span[] = [];
  let left = columns;
  for (const span of line) {
    const text = crop(span.text, left);
    if (text !== '') fitted.push({ ...span, text });
    left -= columnsOf(text);
    if (text !== span.text) break;
  }
  return fitted;
}

/** What a terminal is sent for a line. */
export function paint(line: Line, isColoured: boolean): string {
  return line
    .map(({ text, style }) =>
      isColoured && style !== undefined && text !== '' ? `\x1b[${codes[style]}m${text}\x1b[0m` : text,
    )
    .join('');
}
