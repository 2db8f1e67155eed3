import { forecast, type ExpectedTaskMs, type RunForecast } from '../operators/forecast.js';
import { systemClock } from '../operators/index.js';
import { figuresOf, type AskingFigureFlags, type Figures } from './figures.js';
import { defaultsOf, type PromptFlags } from './promptFlags.js';
import { readPrompts } from './prompts.js';
import { soFar } from './soFar.js';
import { byFlags, clean, crop } from './text.js';
import { formatDuration } from './units.js';
import { UsageError } from './usageError.js';

export interface PlanFlags extends AskingFigureFlags, PromptFlags {
  readonly task?: ExpectedTaskMs;
  readonly runCredits?: number;
  readonly pollInterval?: number;
  readonly seed: number;
  readonly json: boolean;
}

const maxReasonColumns = 200;

/** Foresees a run of the prompts in a file, and prints what it comes to. Gives the exit code. */
export async function planFile(file: string, flags: PlanFlags): Promise<number> {
  const { task, runCredits, pollInterval, seed, api } = flags;
  const figures = figuresOf(flags);
  const { concurrent, rate, dailyCredits, timeZone } = figures;
  const prompts = await readPrompts(file, defaultsOf(flags), api);
  const plan = await forecast(
    prompts.map(({ request }) => request),
    {
      concurrent,
      rate,
      dailyCredits,
      timeZone,
      api,
      seed,
      startAtMs: systemClock.epochNow(),
      observer: soFar(prompts.length, systemClock, (line) => process.stderr.write(`${line}\n`)),
      ...(runCredits !== undefined && { runCredits }),
      ...(task !== undefined && { taskMs: task }),
      ...(pollInterval !== undefined && { pollIntervalMs: pollInterval }),
    },
  );
  await print(flags.json ? JSON.stringify(plan) : planLines(plan, figures).join('\n'));
  return plan.made === plan.prompts ? 0 : 1;
}

/** Whoever reads along may leave; what cannot be written for any other reason would be taken for a plan. @throws UsageError */
async function print(text: string): Promise<void> {
  const error = await new Promise<unknown>((resolve) => process.stdout.write(`${text}\n`, resolve));
  if (!(error instanceof Error) || Reflect.get(error, 'code') === 'EPIPE') return;
  throw new UsageError(`the plan cannot be written (${error.message})`, { cause: error });
}

const limitNames = { tasks: 'the tasks at once', requests: 'the rate of requests', credits: 'the credits of a day' };

function planLines(plan: RunForecast, figures: Figures): readonly string[] {
  const { prompts, made, notMade, tookMs, requests, credits, days, boundBy } = plan;
  const { concurrent, rate } = figures;
  const rateText = rate === 'off' ? 'no rate' : `${rate.limit} requests in ${formatDuration(rate.intervalMs)}`;
  return [
    `limits     ${concurrent} at once, ${rateText}`,
    `made       ${made} of ${prompts}`,
    ...notMade.map(({ meaning, count, message }) =>
      crop(`           ${count} ${meaning}: ${clean(byFlags(message))}`, maxReasonColumns),
    ),
    `time       ${formatDuration(tookMs)}`,
    `requests   ${requests.total} (${requests.submits} submits, ${requests.polls} polls)`,
    `credits    ${credits}, as estimated`,
    `days       ${days}`,
    ...(boundBy === undefined ? [] : [`bound by   ${limitNames[boundBy]}`]),
  ];
}
