import { clean } from '../text.js';
import { formatTicking } from '../units.js';
import type { Line, Span } from './line.js';
import type { View } from './view.js';

type Running = View['running'][number];

const leastBar = 5;
const greatestBar = 20;

/** What a task's bar is drawn by. */
export interface Pacing {
  readonly nowAtMs: number;
  /** How long tasks take; undefined: not known yet. */
  readonly typicalMs: number | undefined;
}

/** A line for each task that there is room for, and one that says what the rest do. */
export function taskLines(running: readonly Running[], pacing: Pacing, columns: number, rows: number): readonly Line[] {
  if (running.length <= rows) return running.map((task) => taskLine(task, pacing, columns));
  const shown = running.slice(0, Math.max(0, rows - 1));
  return [...shown.map((task) => taskLine(task, pacing, columns)), folded(running.slice(shown.length))];
}

function taskLine(task: Running, pacing: Pacing, columns: number): Line {
  const { index, state, sinceAtMs, prompt } = task;
  const width = Math.min(greatestBar, Math.max(leastBar, Math.floor(columns / 8)));
  return [
    { text: `#${index + 1}`.padStart(4), style: 'bold' },
    { text: ` ${state.padEnd(10)} ${formatTicking(pacing.nowAtMs - sinceAtMs).padStart(5)} ` },
    ...bar(task, pacing, width),
    { text: ` ${clean(prompt)}`, style: 'dim' },
  ];
}

/**
 * How far a task is, if it takes as long as others: never quite at its end, which only the server can say. Where nobody
 * knows how long that is, a mark goes to and fro.
 */
function bar({ state, sinceAtMs }: Running, { nowAtMs, typicalMs }: Pacing, width: number): readonly Span[] {
  const elapsedMs = Math.max(0, nowAtMs - sinceAtMs);
  const isAtServer = state === 'submitted' || state === 'processing' || state === 'adopted';
  if (!isAtServer) return spans(0, 0, width);
  if (typicalMs === undefined) {
    const turn = 2 * (width - 1);
    const step = Math.floor(elapsedMs / 1_000) % turn;
    return spans(Math.min(step, turn - step), 1, width);
  }
  return spans(0, Math.min(width - 1, Math.floor((width * elapsedMs) / typicalMs)), width);
}

function spans(before: number, filled: number, width: number): readonly Span[] {
  return [
    { text: '[' },
    { text: '-'.repeat(before), style: 'dim' },
    { text: '#'.repeat(filled), style: 'good' },
    { text: '-'.repeat(width - before - filled), style: 'dim' },
    { text: ']' },
  ];
}

/** ` and 30 more: 28 processing, 2 submitted` */
function folded(hidden: readonly Running[]): Line {
  const counts = new Map<string, number>();
  for (const { state } of hidden) counts.set(state, (counts.get(state) ?? 0) + 1);
  const states = [...counts].sort(([, one], [, other]) => other - one).map(([state, count]) => `${count} ${state}`);
  return [{ text: ` and ${hidden.length} more: ${states.join(', ')}`, style: 'dim' }];
}
