import type { Anchor, Frame, LaidOut, Point } from '../frame.js';
import type { End, Marble, StreamRow } from '../record.js';
import { element, label, text, widthOf } from '../svg.js';

const radius = 10.5;
/** From one marble to the next where several come at once. */
const step = 2 * radius + 1;
const padding = 7;

/** A line with marbles on it; those of one instant stand on one another, the first on the line. */
export function layOutStream(row: StreamRow, frame: Frame): LaidOut {
  const placed = row.marbles.map((marble, index) => ({
    marble,
    level: row.marbles.slice(0, index).filter(({ atMs }) => atMs === marble.atMs).length,
  }));
  const levels = Math.max(0, ...placed.map(({ level }) => level));
  const height = 2 * (radius + padding) + levels * step;
  const lineOf = (top: number): number => top + height - radius - padding;
  const centreOf = (top: number, { marble, level }: (typeof placed)[number]): Point => ({
    x: frame.x(marble.atMs),
    y: lineOf(top) - level * step,
  });

  return {
    height,
    draw(top) {
      const y = lineOf(top);
      const endX = frame.x(row.end?.atMs ?? frame.untilMs);
      return [
        label(row.label, frame.left - 14, y),
        element('line', { class: 'lane', x1: frame.left, y1: y, x2: endX, y2: y }),
        row.end === undefined ? '' : drawEnd(row.end, { x: endX, y }, frame),
        ...placed.map((it) => drawMarble(it.marble, centreOf(top, it), frame)),
      ].join('');
    },
    anchors(top) {
      const anchors = placed.map((it): [string, Anchor] => {
        const point = centreOf(top, it);
        return [it.marble.value, { into: point, from: point }];
      });
      return new Map(anchors.reverse());
    },
  };
}

function drawMarble({ value, tone }: Marble, { x, y }: Point, frame: Frame): string {
  const halfWidth = Math.max(radius, widthOf(value, 8) / 2 + 6);
  const shape = { x: x - halfWidth, y: y - radius, width: 2 * halfWidth, height: 2 * radius, rx: radius };
  return element(
    'g',
    { class: frame.colourOf(value, tone) },
    element('rect', { class: 'own', ...shape }),
    text(value, { class: 'on', x, y: y + 4.5 }),
  );
}

function drawEnd({ how, text: words }: End, { x, y }: Point, { right }: Frame): string {
  if (how === 'complete') return element('path', { class: 'end', d: `M${x.toFixed(1)} ${y - 15}v30` });
  const cross = element('path', {
    class: how === 'error' ? 'end error' : 'end',
    d: `M${(x - 6).toFixed(1)} ${y - 6}l12 12m0 -12l-12 12`,
  });
  if (words === undefined) return cross;
  const isRoom = x + 14 + widthOf(words, 6.6) < right + 20;
  const place = isRoom ? { x: x + 13, y: y + 4 } : { x: x - 13, y: y + 4, 'text-anchor': 'end' };
  return cross + text(words, { class: how === 'error' ? 'error-text' : 'soft small', ...place });
}
