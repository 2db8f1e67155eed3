import type { LimitUsage } from '../operators/index.js';
import type { RunningTask } from './board.js';
import type { Figures } from './figures.js';
import { formatDuration } from './units.js';

/** What is about to be done, and under which limits. */
export function startNotice(prompts: number, { concurrent, rate, dailyCredits }: Figures, speed: number): string {
  return [
    `${prompts} ${prompts === 1 ? 'prompt' : 'prompts'}`,
    `${concurrent} at once`,
    ...(rate === 'off' ? [] : [`${rate.limit} requests in ${formatDuration(rate.intervalMs)}`]),
    ...(dailyCredits === 'off' ? [] : [`${dailyCredits} credits a day`]),
    ...(speed === 1 ? [] : [`simulated, ${speed} times as fast`]),
  ].join(', ');
}

/** Which tasks are, or may be, at Kling: they run on and are billed, whatever becomes of us. */
export function runningNotice(what: string, tasks: readonly RunningTask[]): readonly string[] {
  const running = tasks.filter(({ mayExist }) => mayExist);
  const count = `${running.length} ${running.length === 1 ? 'task runs' : 'tasks run'} on and will be billed`;
  return [
    `${what}; ${count}${running.length > 0 ? ':' : ''}`,
    ...running.map(({ index, taskId, id }) => {
      const name = taskId === undefined ? 'no answer yet' : `task ${taskId}`;
      return `  #${index + 1} ${name}, external id ${id}`;
    }),
  ];
}

/** Why the rest may have to wait for hours. */
export function quotaNotice({ name, used, capacity }: LimitUsage): string {
  return `${used} of ${capacity} ${name} of the day are used: what the rest cannot pay waits for midnight, UTC`;
}

export function unwrittenNotice(path: string, error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return `${path} cannot be written (${why}): nothing new is submitted; what runs is waited for, and its results follow here`;
}
