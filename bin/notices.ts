import type { LimitUsage } from '../operators/index.js';
import type { RunningTask } from './board.js';
import type { Figures } from './figures.js';
import type { Standing } from './roster.js';
import type { Slots } from './slots.js';
import { messageOf } from './text.js';
import { formatCount, formatDuration } from './units.js';

export interface Beginning {
  readonly standing: Standing;
  readonly slots: Pick<Slots, 'count' | 'source'>;
  readonly figures: Pick<Figures, 'rate' | 'dailyCredits'>;
  readonly runCredits?: number | undefined;
  readonly speed: number;
}

const bySource: Readonly<Record<Slots['source'], string>> = {
  given: '',
  asked: ' (as the account says)',
  learnt: ' to begin with (the account does not say)',
};

/** What is about to be done, and under which limits. */
export function startNotice({ standing, slots, figures, runCredits, speed }: Beginning): string {
  const { rate, dailyCredits } = figures;
  const limits = [
    `${slots.count} at once${bySource[slots.source]}`,
    ...(rate === 'off' ? [] : [`${rate.limit} requests in ${formatDuration(rate.intervalMs)}`]),
    ...(dailyCredits === 'off' ? [] : [`${dailyCredits} credits a day`]),
    ...(runCredits === undefined ? [] : [`${runCredits} credits in all`]),
    ...(speed === 1 ? [] : [`simulated, ${speed} times as fast`]),
  ].join(', ');
  return `${standingNotice(standing)}${standing.known > 0 ? '; ' : ', '}${limits}`;
}

/** How much of it is new. */
function standingNotice({ prompts, known, done, takenOver, toMake, strays }: Standing): string {
  const count = `${formatCount(prompts)} ${prompts === 1 ? 'prompt' : 'prompts'}`;
  if (known === 0) return count;
  const parts = [
    `${formatCount(done)} done before`,
    `${formatCount(takenOver)} taken over`,
    `${formatCount(toMake)} to make`,
    ...(strays > 0 ? [`and ${formatCount(strays)} that run and are not in the file any more`] : []),
    ...(done + takenOver === 0 && strays === 0
      ? [`none of the ${formatCount(known)} of earlier runs is in the file`]
      : []),
  ];
  return `${count}: ${parts.join(', ')}`;
}

/** Which tasks are, or may be, at Kling: they run on and are billed, whatever becomes of us. Those of a simulator are not. */
export function runningNotice(what: string, running: readonly RunningTask[], isSimulated: boolean): readonly string[] {
  const fate = isSimulated ? 'in the simulator, which bills nobody' : 'on and will be billed';
  const count = `${running.length} ${running.length === 1 ? 'task runs' : 'tasks run'} ${fate}`;
  return [
    `${what}; ${count}${running.length > 0 ? ':' : ''}`,
    ...running.map(({ index, taskId, id }) => {
      const name = taskId === undefined ? 'no answer yet' : `task ${taskId}`;
      return `  #${index + 1} ${name}, external id ${id}`;
    }),
  ];
}

/** Why the rest may have to wait for hours. */
export function quotaNotice({ name, used, capacity }: LimitUsage, timeZone: string): string {
  return `${used} of ${capacity} ${name} of the day are used: what the rest cannot pay waits for midnight, ${timeZone}`;
}

/** What becomes of what runs when we leave it. */
export function leavingNotice(isShared: boolean): string {
  if (isShared) return 'the other workers take over what runs; with none left, run the same command again to go on';
  return 'run the same command again to go on: what runs is then collected';
}

/** @param path what cannot be written; undefined where the error says it itself */
export function unwrittenNotice(path: string | undefined, error: unknown): string {
  const why = messageOf(error);
  const what = path === undefined ? `${why};` : `${path} cannot be written (${why}):`;
  return `${what} nothing new is submitted; what runs is waited for, and results that cannot be written follow here`;
}
