import type { MarbleRecord, Row, Tone } from './record.js';
import { colours } from './style.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where threads end and begin at a value of a row. */
export interface Anchor {
  readonly into: Point;
  readonly from: Point;
}

/** A row, laid out; drawn once it is known where its top is. */
export interface LaidOut {
  readonly height: number;
  draw(top: number): string;
  anchors(top: number): ReadonlyMap<string, Anchor>;
}

/** From the beginning of the lanes to 0, so that a marble there does not stand over. */
const inset = 12;

/** What all rows of a picture share: where an instant is, and which colour a value has. */
export class Frame {
  readonly width = 680;
  readonly left = 108;
  readonly right = 652;
  readonly untilMs: number;
  readonly #values: readonly string[];

  constructor({ rows, untilMs }: MarbleRecord) {
    this.untilMs = untilMs;
    this.#values = [...new Set(rows.flatMap(valuesOf))];
  }

  x(atMs: number): number {
    const first = this.left + inset;
    return first + (Math.min(atMs, this.untilMs) / this.untilMs) * (this.right - first);
  }

  colourOf(value: string, tone?: Tone): string {
    return tone ?? `v${this.#values.indexOf(value) % colours}`;
  }
}

function valuesOf(row: Row): readonly string[] {
  const shown = row.kind === 'stream' ? row.marbles : row.kind === 'spans' ? row.spans : [];
  return shown.filter(({ tone }) => tone === undefined).map(({ value }) => value);
}
