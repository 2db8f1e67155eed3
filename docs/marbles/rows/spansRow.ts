import type { Anchor, Frame, LaidOut } from '../frame.js';
import type { Span, SpansRow } from '../record.js';
import { element, label, text, widthOf } from '../svg.js';

const thickness = 20;
const pitch = 25;
const padding = 6;

/** Bars on tracks: what lasts. */
export function layOutSpans(row: SpansRow, frame: Frame): LaidOut {
  const tracks = Math.max(1, ...row.spans.map(({ track }) => track + 1));
  const height = tracks * pitch - (pitch - thickness) + 2 * padding;
  const topOf = (top: number, track: number): number => top + padding + track * pitch;

  return {
    height,
    draw: (top) =>
      [
        label(row.label, frame.left - 14, top + height / 2),
        ...Array.from({ length: tracks }, (_, track) => {
          const y = topOf(top, track) + thickness / 2;
          return element('line', { class: 'grid', x1: frame.left, y1: y, x2: frame.right, y2: y });
        }),
        ...row.spans.map((span) => drawSpan(span, topOf(top, span.track), frame)),
      ].join(''),
    anchors(top) {
      // Into the first of a value's own, and on from the last.
      const anchors = new Map<string, Anchor>();
      for (const { value, track, fromMs, toMs } of row.spans) {
        const y = topOf(top, track) + thickness / 2;
        const into = anchors.get(value)?.into ?? { x: frame.x(fromMs) + 3, y };
        anchors.set(value, { into, from: { x: frame.x(toMs) - 3, y } });
      }
      return anchors;
    },
  };
}

const looks: Readonly<Record<Span['look'], string>> = {
  work: 'own',
  failed: 'own',
  wait: 'hollow dashed',
  aborted: 'hollow dashed',
  remote: 'hollow',
};

function drawSpan({ fromMs, toMs, value, look, tone, text: words = value }: Span, y: number, frame: Frame): string {
  const [x, endX] = [frame.x(fromMs), frame.x(toMs)];
  const width = Math.max(4, endX - x - 1);
  const isSolid = look === 'work' || look === 'failed';
  const isRoom = widthOf(words, 6.8) < width - 4;
  const middle = y + thickness / 2;
  return element(
    'g',
    { class: frame.colourOf(value, tone) },
    element('rect', { class: looks[look], x: x + 0.5, y, width, height: thickness, rx: 5 }),
    isRoom ? text(words, { class: isSolid ? 'on' : 'hollow-text', x: x + 0.5 + width / 2, y: middle + 4.5 }) : '',
    look === 'aborted' ? drawCut(endX, middle) : '',
  );
}

function drawCut(x: number, y: number): string {
  return element('path', { class: 'end', d: `M${(x - 5).toFixed(1)} ${y - 5}l10 10m0 -10l-10 10` });
}
