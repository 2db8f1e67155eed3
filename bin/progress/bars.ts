import { formatCount, formatTicking } from '../units.js';
import { fit, lineColumns, type Line, type Span } from './line.js';
import { taskLines } from './taskLines.js';
import type { Size, View } from './view.js';

const leastBar = 8;
const greatestBar = 60;

/**
 * Draws a view: a bar for the whole, the totals, and a line with a bar for each running task; never more than `size` holds.
 *
 * @param typicalMs how long tasks take; undefined: not known yet
 * @param trouble what keeps them from going on, if anything is known to
 */
export function bars(view: View, { columns, rows }: Size, typicalMs?: number, trouble?: string): readonly Line[] {
  const head = [
    wholeBar(view, columns),
    ...flow(totals(view), columns),
    ...(trouble === undefined ? [] : [[{ text: trouble, style: 'bad' } as const]]),
  ];
  const room = Math.max(0, rows - head.length);
  const { running, nowAtMs } = view;
  const tasks = room === 0 ? [] : taskLines(running, { nowAtMs, typicalMs }, columns, room);
  return [...head, ...tasks].slice(0, rows).map((line) => fit(line, columns));
}

/** What is left at the pace of what has ended until now, in ms; undefined before anything has. */
export function remainingMs(view: View): number | undefined {
  const { total, running, isStopping, elapsedMs, earlier } = view;
  const ended = endedIn(view);
  const left = isStopping ? running.length : total - ended;
  return ended === earlier || left === 0 ? undefined : (elapsedMs / (ended - earlier)) * left;
}

function endedIn({ succeeded, failed, unfinished }: View): number {
  return succeeded + failed + unfinished;
}

function wholeBar(view: View, columns: number): Line {
  const { total, succeeded } = view;
  const ended = endedIn(view);
  const figures = `${ended}/${total}`;
  const percent = ` ${Math.floor((100 * ended) / total)} %`;
  const room = Math.min(greatestBar, columns - figures.length - percent.length - 3);
  if (room < leastBar) return [{ text: figures, style: 'bold' }, { text: percent }];
  const upTo = (count: number): number => Math.floor((room * count) / total);
  const good = upTo(succeeded);
  const bad = upTo(ended) - good;
  return [
    { text: '[' },
    { text: '#'.repeat(good), style: 'good' },
    { text: 'x'.repeat(bad), style: 'bad' },
    { text: '-'.repeat(room - good - bad), style: 'dim' },
    { text: '] ' },
    { text: figures, style: 'bold' },
    { text: percent },
  ];
}

function totals(view: View): readonly Span[] {
  const { succeeded, failed, unfinished, running, waiting, refusals, usage, coolDownMs, isStopping, saved } = view;
  const { elapsedMs } = view;
  const leftMs = remainingMs(view);
  const endedHere = endedIn(view) - view.earlier;
  return [
    { text: `${succeeded} done`, style: 'good' },
    failed > 0 ? { text: `${failed} failed`, style: 'bad' } : { text: '0 failed' },
    ...(unfinished > 0 ? [{ text: `${unfinished} unfinished`, style: 'bad' } as const] : []),
    { text: `${running.length} running` },
    { text: isStopping ? `stopping, ${waiting} not sent` : `${waiting} waiting` },
    ...(endedHere > 0 && elapsedMs > 0 ? [{ text: formatPace(endedHere, elapsedMs) }] : []),
    ...(saved === undefined ? [] : [{ text: `saved ${saved.saved}/${saved.total}` }]),
    { text: `429s ${refusals}` },
    ...usage.map(({ name, used, capacity }) => ({
      text: `${limitName(name)} ${formatCount(used)}/${formatCount(capacity)}`,
    })),
    ...(coolDownMs > 0 ? [{ text: `cooling down ${formatTicking(coolDownMs)}`, style: 'bad' } as const] : []),
    ...(leftMs === undefined ? [] : [{ text: `ETA ${formatTicking(leftMs)}` }]),
  ];
}

/** What ends in a time, `3.2/min`, or `1.5/h` where that is less than one a minute. */
function formatPace(count: number, elapsedMs: number): string {
  const perMinute = (60_000 * count) / elapsedMs;
  const [value, unit] = perMinute >= 1 ? [perMinute, 'min'] : [perMinute * 60, 'h'];
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)}/${unit}`;
}

/** The limit of the tasks at once is known as slots. */
function limitName(name: string): string {
  return name === 'tasks' ? 'slots' : name;
}

/** As many spans to a line as it holds, two blanks between them. */
function flow(spans: readonly Span[], columns: number): readonly Line[] {
  const lines: Line[] = [];
  for (const span of spans) {
    const line = lines.at(-1);
    const longer = line === undefined ? [span] : [...line, { text: '  ' }, span];
    if (line === undefined || lineColumns(longer) > columns) lines.push([span]);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
