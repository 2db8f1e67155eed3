import type { Frame, LaidOut } from '../frame.js';
import type { Window, WindowsRow } from '../record.js';
import { element, text } from '../svg.js';

const thickness = 9;
const pitch = 13;
const padding = 5;

/** A bar for each window, with a dot for each value that it sees, and their number behind it. */
export function layOutWindows(row: WindowsRow, frame: Frame): LaidOut {
  const height = row.windows.length * pitch + 2 * padding;
  return {
    height,
    draw: (top) =>
      [
        text(row.label, { class: 'label small', x: frame.left - 14, y: top + height / 2 + 4 }),
        ...row.windows.map((window, index) => drawWindow(window, row.limit, top + padding + index * pitch, frame)),
      ].join(''),
    anchors: () => new Map(),
  };
}

function drawWindow({ fromMs, toMs, sees }: Window, limit: number, y: number, frame: Frame): string {
  const [x, endX] = [frame.x(fromMs), frame.x(toMs)];
  const isOver = sees.length > limit;
  const colour = frame.colourOf(sees[0]?.value ?? '', sees[0]?.tone);
  const dots = sees.map(({ atMs, value, tone }, index) => {
    const together = sees.slice(0, index).filter((it) => it.atMs === atMs).length;
    const cx = frame.x(atMs) + together * 9;
    return element('circle', { class: `own ${frame.colourOf(value, tone)}`, cx, cy: y + thickness / 2, r: 3.5 });
  });
  // Shifted by half a dot: the one that stands at the end is outside, as a window is half open.
  const bar = { x: x - thickness / 2, y, width: endX - x - 1, height: thickness, rx: thickness / 2 };
  const isRoom = endX + 10 < frame.width;
  return [
    element('rect', { class: isOver ? 'over' : `window ${colour}`, ...bar }),
    ...dots,
    isRoom ? text(String(sees.length), { class: isOver ? 'count bad' : 'count', x: endX, y: y + thickness }) : '',
  ].join('');
}
