import type { Frame, LaidOut } from '../frame.js';
import type { CrowdRow, RangeRow } from '../record.js';
import { element, label } from '../svg.js';

const rangeHeight = 30;

/** From where to where a draw may fall, with a dot for each that was made. */
export function layOutRange(row: RangeRow, frame: Frame): LaidOut {
  const [x, endX] = [frame.x(row.fromMs), frame.x(row.toMs)];
  return {
    height: rangeHeight,
    draw(top) {
      const y = top + rangeHeight / 2;
      const bar = { x: x - 4, y: y - 9, width: endX - x + 8, height: 18, rx: 9 };
      return [
        label(row.label, frame.left - 14, y),
        element('line', { class: 'grid', x1: frame.left, y1: y, x2: frame.right, y2: y }),
        element('rect', { class: 'range', ...bar }),
        ...row.drawnMs.map((atMs) => element('circle', { class: 'drawn', cx: frame.x(atMs), cy: y, r: 2.6 })),
      ].join('');
    },
    anchors: () => new Map(),
  };
}

const dot = 5;
const binMs = 100;

/** A dot for each, on top of one another within a tenth of a second. */
export function layOutCrowd(row: CrowdRow, frame: Frame): LaidOut {
  const binOf = (atMs: number): number => Math.round(atMs / binMs);
  const placed = row.atMs.map((atMs, index) => ({
    x: frame.x(binOf(atMs) * binMs),
    level: row.atMs.slice(0, index).filter((it) => binOf(it) === binOf(atMs)).length,
  }));
  const height = (Math.max(2, ...placed.map(({ level }) => level)) + 1) * dot + 14;
  return {
    height,
    draw(top) {
      const y = top + height - 6;
      return [
        label(row.label, frame.left - 14, y - 7),
        element('line', { class: 'lane', x1: frame.left, y1: y, x2: frame.right, y2: y }),
        ...placed.map(({ x, level }) =>
          element('circle', { class: 'own v0', cx: x, cy: y - 4 - level * dot, r: dot / 2 - 0.2 }),
        ),
      ].join('');
    },
    anchors: () => new Map(),
  };
}
