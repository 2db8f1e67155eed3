import type { RunRecord, Try } from './record.js';
import type { Rows } from './rows.js';
import type { Level } from './server.js';

/** Where instants and rows lie on the page, in px. */
export interface Plane {
  readonly untilMs: number;
  readonly width: number;
  readonly rowHeight: number;
}

/** The timeline as paths: one for all that look alike, so that a thousand items are a dozen elements. */
export interface Shapes {
  /** By user. */
  readonly waiting: readonly string[];
  readonly running: readonly string[];
  readonly refused: string;
  readonly pausing: string;
}

export function xOf({ untilMs, width }: Plane, atMs: number): number {
  return untilMs === 0 ? 0 : (Math.min(atMs, untilMs) / untilMs) * width;
}

export function shapesOf({ items }: RunRecord, rows: Rows, plane: Plane, showsWaiting: boolean): Shapes {
  const waiting: string[][] = [[], [], [], []];
  const running: string[][] = [[], [], [], []];
  const refused: string[] = [];
  const pausing: string[] = [];
  const bar = (fromMs: number, toMs: number, row: number, { share = 1, least = 0 } = {}): string => {
    const [left, right] = [xOf(plane, fromMs), xOf(plane, toMs)];
    const height = barHeight(plane.rowHeight) * share;
    const top = (row + 0.5) * plane.rowHeight - height / 2;
    // A gap, so that one ends and the next begins.
    const width = right - left > 4 ? right - left - 1 : right - left;
    return rectangle(left, top, Math.max(least, width), height);
  };
  items.forEach((item, index) => {
    item.tries.forEach((it, attempt) => {
      const row = rows.rowOf(index, attempt);
      const previous = item.tries[attempt - 1];
      if (showsWaiting) {
        if (it.sentAtMs > it.queuedAtMs) waiting[item.user]?.push(bar(it.queuedAtMs, it.sentAtMs, row));
        if (previous !== undefined) pausing.push(bar(previous.answeredAtMs, it.queuedAtMs, row, { share: 0.25 }));
      }
      if (it.sentAtMs === Infinity) return;
      if (isRefused(it)) refused.push(mark(xOf(plane, it.answeredAtMs), row, plane.rowHeight));
      running[item.user]?.push(bar(it.sentAtMs, it.answeredAtMs, row, { least: isRefused(it) ? 0 : 2 }));
    });
  });
  return {
    waiting: waiting.map(joined),
    running: running.map(joined),
    refused: joined(refused),
    pausing: joined(pausing),
  };
}

/** A staircase through the levels, the highest of each column of px. */
export function stepPath(levels: readonly Level[], plane: Plane, yOf: (level: number) => number): string {
  let path = '';
  let last = levels[0]?.level ?? 0;
  let column = -1;
  let highest = last;
  const flush = (): void => {
    if (column >= 0 && highest !== last) path += `V${figure(yOf(highest))}`;
    if (column >= 0) path += `V${figure(yOf(last))}`;
  };
  for (const { atMs, level } of levels) {
    if (atMs > plane.untilMs) break;
    const at = Math.round(xOf(plane, atMs) * 2) / 2;
    if (at !== column) {
      flush();
      path += path === '' ? `M${at} ${figure(yOf(last))}` : `H${at}`;
      [column, highest] = [at, -Infinity];
    }
    [last, highest] = [level, Math.max(highest, level)];
  }
  flush();
  return path === '' ? '' : `${path}H${figure(plane.width)}`;
}

/** The same, filled. */
export function areaPath(levels: readonly Level[], plane: Plane, yOf: (level: number) => number): string {
  const path = stepPath(levels, plane, yOf);
  return path === '' ? '' : `${path}V${figure(yOf(0))}H0Z`;
}

const roundSeconds = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((hours) => hours * 3_600),
];

/** Round instants, about as many as there is room for. */
export function ticksOf({ untilMs, width }: Plane): readonly number[] {
  const leastMs = untilMs / Math.max(2, Math.floor(width / 70));
  const everyMs = roundSeconds.map((it) => it * 1_000).find((it) => it >= leastMs) ?? untilMs;
  return Array.from({ length: Math.floor(untilMs / everyMs) + 1 }, (_, index) => index * everyMs);
}

/** Rows have a gap between them where there is room for one. */
export function barHeight(rowHeight: number): number {
  return rowHeight >= 6 ? rowHeight - 2 : rowHeight >= 3 ? rowHeight - 1 : rowHeight;
}

function isRefused({ verdict }: Try): boolean {
  return verdict !== undefined && verdict !== 'served';
}

/** A stroke across the row, and no less than 3 px of it. */
function mark(x: number, row: number, rowHeight: number): string {
  const height = Math.max(3, rowHeight);
  return rectangle(x - 1, (row + 0.5) * rowHeight - height / 2, 2, height);
}

function rectangle(x: number, y: number, width: number, height: number): string {
  return `M${figure(x)} ${figure(y)}h${figure(width)}v${figure(height)}h${figure(-width)}z`;
}

function figure(px: number): string {
  return String(Math.round(px * 100) / 100);
}

function joined(parts: readonly string[]): string {
  return parts.join('');
}
