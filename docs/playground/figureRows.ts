import type { Figures } from './figures.js';
import type { Settings } from './scenario.js';
import { aloneWords } from './telling.js';
import { duration, inTime } from './words.js';

/** A line of the table. */
export interface FigureRow {
  readonly name: string;
  readonly value: string;
  /** True where it is more than the server allows. */
  readonly isOver: boolean;
}

export function figureRows(figures: Figures, settings: Settings): readonly FigureRow[] {
  const { done, givenUp, stopped, makespanMs, idealMs, waitMs, requests, refusals, worstWindow } = figures;
  const { serverWindow, serverLimit, serverSlots, serverSlotCount, othersPerMinute, items } = settings;
  const others = othersPerMinute > 0 ? `, of them ours ${worstWindow.ours}` : '';
  return [
    row('Done', `${done} of ${items}`),
    givenUp > 0 && row('Given up', String(givenUp)),
    stopped > 0 && row('Not ended when the run was stopped', String(stopped)),
    row('From the first arrival to the last end', duration(makespanMs)),
    row(`What ${aloneWords(settings)} would need`, duration(idealMs)),
    row('Half waited under', duration(waitMs.p50)),
    row('95 in 100 waited under', duration(waitMs.p95)),
    row('The longest wait', duration(waitMs.max)),
    row('Longest queue', String(figures.longestQueue)),
    row('Requests sent', String(requests)),
    row('Most in a second', String(figures.worstSecond)),
    row(
      `Most in ${inTime(worstWindow.intervalMs)}, as the server saw`,
      `${worstWindow.all}${serverWindow ? ` of ${serverLimit}` : ''}${others}`,
      serverWindow && worstWindow.all > serverLimit,
    ),
    row('Most at once in the server', `${figures.mostAtOnce}${serverSlots ? ` of ${serverSlotCount}` : ''}`),
    row('Refused as too fast (429)', String(refusals['too fast'])),
    row('Refused as having no slot (429)', String(refusals['no slot'])),
    row('Failed (503)', String(refusals.fault + refusals.outage)),
  ].filter((it) => it !== false);
}

function row(name: string, value: string, isOver = false): FigureRow {
  return { name, value, isOver };
}
