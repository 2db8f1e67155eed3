import type { RunningTask } from '../board.js';
import { clean } from '../text.js';
import { formatTicking } from '../units.js';
import { fit, lineColumns, type Line, type Span } from './line.js';

/** What there is to see of a run at one instant. All times are Kling's. */
export interface View {
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Over for this run, and not for good. */
  readonly unfinished: number;
  /** How many of these were over before it. */
  readonly earlier: number;
  readonly waiting: number;
  readonly running: readonly (RunningTask & { readonly prompt: string })[];
  readonly refusals: number;
  /** How much of the rates and quotas is used. */
  readonly usage: readonly { readonly name: string; readonly used: number; readonly capacity: number }[];
  /** How long everybody waits after a refusal, in ms. */
  readonly coolDownMs: number;
  readonly elapsedMs: number;
  /** What is saved of what has been made, where that was asked for. */
  readonly saved?: { readonly saved: number; readonly total: number } | undefined;
  /** On the wall, as the instants of `running`. */
  readonly nowAtMs: number;
  /** True once nothing more is sent. */
  readonly isStopping: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const leastBar = 8;
const greatestBar = 60;

/** Draws a view: a bar for the whole, the totals, and a line for each running task; never more than `size` holds. */
export function bars(view: View, { columns, rows }: Size): readonly Line[] {
  const head = [wholeBar(view, columns), ...flow(totals(view), columns)];
  const room = Math.max(0, rows - head.length);
  const { running } = view;
  const shown = running.length <= room ? running : running.slice(0, Math.max(0, room - 1));
  const hidden = running.length - shown.length;
  return [
    ...head,
    ...shown.map((task) => taskLine(task, view.nowAtMs)),
    ...(hidden > 0 ? [[{ text: ` and ${hidden} more`, style: 'dim' } as const]] : []),
  ]
    .slice(0, rows)
    .map((line) => fit(line, columns));
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
  const leftMs = remainingMs(view);
  return [
    { text: `${succeeded} done`, style: 'good' },
    failed > 0 ? { text: `${failed} failed`, style: 'bad' } : { text: '0 failed' },
    ...(unfinished > 0 ? [{ text: `${unfinished} unfinished`, style: 'bad' } as const] : []),
    { text: `${running.length} running` },
    { text: isStopping ? `stopping, ${waiting} not sent` : `${waiting} waiting` },
    ...(saved === undefined ? [] : [{ text: `saved ${saved.saved}/${saved.total}` }]),
    { text: `429s ${refusals}` },
    ...usage.map(({ name, used, capacity }) => ({ text: `${name} ${used}/${capacity}` })),
    ...(coolDownMs > 0 ? [{ text: `cooling down ${formatTicking(coolDownMs)}`, style: 'bad' } as const] : []),
    ...(leftMs === undefined ? [] : [{ text: `ETA ${formatTicking(leftMs)}` }]),
  ];
}

function taskLine({ index, state, sinceAtMs, prompt }: View['running'][number], nowAtMs: number): Line {
  return [
    { text: `#${index + 1}`.padStart(4), style: 'bold' },
    { text: ` ${state.padEnd(10)} ${formatTicking(nowAtMs - sinceAtMs).padStart(5)} ` },
    { text: clean(prompt), style: 'dim' },
  ];
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
