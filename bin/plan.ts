import { Option, type Command } from 'commander';
import { forecast, type ExpectedTaskMs, type RunForecast } from '../operators/forecast.js';
import { systemClock } from '../operators/index.js';
import { figuresOf, type AskingFigureFlags, type Figures } from './figures.js';
import { figureFlags, reading } from './flags.js';
import { addPromptFlags, defaultsOf, type PromptFlags } from './promptFlags.js';
import { readPrompts } from './prompts.js';
import { clean, crop } from './text.js';
import { formatDuration, parseBudget, parseDuration, parseNatural, parseTaskTime, parseTimeZone } from './units.js';

interface PlanFlags extends AskingFigureFlags, PromptFlags {
  readonly task?: ExpectedTaskMs;
  readonly runCredits?: number;
  readonly pollInterval?: number;
  readonly seed: number;
  readonly json: boolean;
}

const help = `
Runs what \`sluice generate\` runs, its limits and its polls, against a model of Kling in virtual time: thousands of
prompts take a second or two, and nothing is sent. It foresees limits, not accidents: nobody else on the account, no
refusals, every task a success. Credits are estimates. FILE is as for \`sluice generate\`.

"bound by" is the limit without which the run would be quicker: the tasks at once, the rate of requests (fewer polls:
a longer --poll-interval), or the credits of a day.

Exit codes:
  0    all of it would be made
  1    some of it would not
  2    wrong usage, or bad lines in FILE

Examples:
  $ sluice plan prompts.txt --tier standard --task 90s
  $ sluice plan shots.jsonl --tier free --time-zone Asia/Shanghai --task 60s-3m
  $ sluice plan prompts.txt --concurrent 12 --rate 120/min --json`;

const maxReasonColumns = 200;

/** Adds `sluice plan`. */
export function addPlan(program: Command): void {
  const command = program
    .command('plan')
    .summary('say how long a file of prompts would take')
    .description('Says how long a file of prompts would take, how many requests, credits and days, and what binds.')
    .argument('<file>', 'a file of prompts (.txt or .jsonl), or - for standard input');
  for (const flag of figureFlags({ canAsk: true })) command.addOption(flag);
  command
    .addOption(
      new Option('--time-zone <zone>', 'whose day that is, like Europe/Berlin')
        .argParser(reading(parseTimeZone))
        .default('UTC'),
    )
    .addOption(new Option('--run-credits <n>', 'credits in all (default: no bound)').argParser(reading(parseBudget)))
    .addOption(
      new Option(
        '--task <time>',
        'how long a task takes: 90s, or 60s-3m (default: 24s-83s, and one in fifty up to 5m)',
      ).argParser(reading(parseTaskTime)),
    );
  addPromptFlags(command);
  command
    .addOption(
      new Option('--poll-interval <time>', 'from one poll of a task to the next (default: 10s)').argParser(
        reading(parseDuration),
      ),
    )
    .addOption(
      new Option('--seed <n>', 'the same seed draws the same lengths').argParser(reading(parseNatural)).default(1),
    )
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action(async (file: string, flags: PlanFlags) => {
      process.exitCode = await planFile(file, flags);
    });
}

async function planFile(file: string, flags: PlanFlags): Promise<number> {
  const { task, runCredits, pollInterval, seed, api } = flags;
  const figures = figuresOf(flags);
  const { concurrent, rate, dailyCredits, timeZone } = figures;
  const prompts = await readPrompts(file, defaultsOf(flags), api);
  const plan = await forecast(
    prompts.map(({ request }) => request),
    {
      ...{ concurrent, rate, dailyCredits, timeZone, api, seed, startAtMs: systemClock.epochNow() },
      ...(runCredits !== undefined && { runCredits }),
      ...(task !== undefined && { taskMs: task }),
      ...(pollInterval !== undefined && { pollIntervalMs: pollInterval }),
    },
  );
  process.stdout.write(flags.json ? `${JSON.stringify(plan)}\n` : `${planLines(plan, figures).join('\n')}\n`);
  return plan.made === plan.prompts ? 0 : 1;
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
      crop(`           ${count} ${meaning}: ${clean(message)}`, maxReasonColumns),
    ),
    `time       ${formatDuration(tookMs)}`,
    `requests   ${requests.total} (${requests.submits} submits, ${requests.polls} polls)`,
    `credits    ${credits}, as estimated`,
    `days       ${days}`,
    ...(boundBy === undefined ? [] : [`bound by   ${limitNames[boundBy]}`]),
  ];
}
