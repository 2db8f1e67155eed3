import { Frame, type LaidOut, type Point } from './frame.js';
import type { MarbleRecord, Row } from './record.js';
import { layOutCall } from './rows/callRow.js';
import { layOutCrowd, layOutRange } from './rows/dotsRows.js';
import { layOutSpans } from './rows/spansRow.js';
import { layOutStream } from './rows/streamRow.js';
import { layOutWindows } from './rows/windowsRow.js';
import { style } from './style.js';
import { element, text } from './svg.js';

const margin = 12;
const axisHeight = 34;

/** A picture of a record: rows from top to bottom, time from left to right. The same record gives the same text. */
export function draw(record: MarbleRecord): string {
  const frame = new Frame(record);
  const top = margin + (record.bands?.some((band) => band.text !== undefined) ? 16 : 0);
  let bottom = top;
  const placed = record.rows.map((row) => {
    const [top, laidOut] = [bottom, layOut(row, frame)];
    bottom += laidOut.height;
    return { row, top, laidOut };
  });
  const height = bottom + axisHeight;
  const { width } = frame;
  return `${element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      class: 'marbles',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-labelledby': 'title description',
    },
    `\n${text(record.title, { id: 'title' }, 'title')}`,
    `\n${text(record.description, { id: 'description' }, 'desc')}`,
    `\n<style>\n${style}\n</style>`,
    `\n${element('rect', { class: 'card', x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 10 })}`,
    `\n${drawBands(record, frame, bottom)}`,
    `\n${drawAxis(record, frame, top, bottom)}`,
    `\n${drawThreads(placed, frame)}`,
    ...placed.map(({ top, laidOut }) => `\n${laidOut.draw(top)}`),
    '\n',
  )}\n`;
}

function layOut(row: Row, frame: Frame): LaidOut {
  switch (row.kind) {
    case 'stream':
      return layOutStream(row, frame);
    case 'call':
      return layOutCall(row, frame);
    case 'spans':
      return layOutSpans(row, frame);
    case 'windows':
      return layOutWindows(row, frame);
    case 'range':
      return layOutRange(row, frame);
    case 'crowd':
      return layOutCrowd(row, frame);
  }
}

function drawBands({ bands = [] }: MarbleRecord, frame: Frame, bottom: number): string {
  return bands
    .map(({ fromMs, toMs, text: words }) => {
      const [x, endX] = [frame.x(fromMs), frame.x(toMs)];
      const shade = element('rect', { class: 'band', x, y: margin - 4, width: endX - x, height: bottom - margin + 4 });
      return shade + (words ? text(words, { class: 'soft small middle', x: (x + endX) / 2, y: margin + 8 }) : '');
    })
    .join('');
}

function drawAxis({ untilMs, tickMs, unit = 's' }: MarbleRecord, frame: Frame, top: number, bottom: number): string {
  const y = bottom + 6;
  const ticks = Array.from({ length: Math.floor(untilMs / tickMs) + 1 }, (_, index) => index * tickMs);
  return [
    ...ticks.map((atMs) => element('line', { class: 'grid', x1: frame.x(atMs), y1: top, x2: frame.x(atMs), y2: y })),
    element('line', { class: 'axis', x1: frame.left, y1: y, x2: frame.right, y2: y }),
    ...ticks.map((atMs) => text(String(atMs / 1_000), { class: 'soft small middle', x: frame.x(atMs), y: y + 16 })),
    text(`time, ${unit}`, { class: 'label small', x: frame.left - 14, y: y + 16 }),
  ].join('');
}

/** From each value to where it came out: its wait is the slant. */
function drawThreads(placed: readonly { row: Row; top: number; laidOut: LaidOut }[], frame: Frame): string {
  return placed
    .flatMap(({ row, top, laidOut }) => {
      const follows = ('follows' in row && row.follows) || [];
      const before = placed.filter((it) => 'label' in it.row && follows.includes(it.row.label));
      const froms = new Map(before.flatMap((it) => [...it.laidOut.anchors(it.top)]));
      return [...laidOut.anchors(top)].map(([value, { into }]) => {
        const from = froms.get(value)?.from;
        return from === undefined ? '' : drawThread(from, into, frame.colourOf(value));
      });
    })
    .join('');
}

function drawThread(from: Point, to: Point, colour: string): string {
  const middle = ((from.y + to.y) / 2).toFixed(1);
  const [x, toX] = [from.x.toFixed(1), to.x.toFixed(1)];
  const d = `M${x} ${from.y.toFixed(1)}C${x} ${middle} ${toX} ${middle} ${toX} ${to.y.toFixed(1)}`;
  return element('path', { class: `thread ${colour}`, d });
}
