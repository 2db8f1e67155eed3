import { Option, type Command } from 'commander';
import { figureFlags, reading } from './flags.js';
import type { PlanFlags } from './planFile.js';
import { addPromptFlags } from './promptFlags.js';
import { parseBudget, parseDuration, parseNatural, parseTaskTime, parseTimeZone } from './units.js';

const help = `
Runs what \`sluice generate\` runs, its limits and its polls, against a model of Kling in virtual time: thousands of
prompts take a second or two, and nothing is sent. It foresees limits, not accidents: nobody else on the account, no
refusals, every task a success. Credits are estimates. FILE is as for \`sluice generate\`.

"bound by" is the limit without which the run would be quicker: the tasks at once, the rate of requests (fewer polls:
a longer --poll-interval), or the credits of a day.

Exit codes:
  0    all of it would be made
  1    some of it would not
  2    wrong usage, bad lines in FILE, or nowhere to write the plan

Examples:
  $ sluice plan prompts.txt --tier standard --task 90s
  $ sluice plan shots.jsonl --tier free --time-zone Asia/Shanghai --task 60s-3m
  $ sluice plan prompts.txt --concurrent 12 --rate 120/min --json`;

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
      // Help and wrong flags need none of what this loads.
      const { planFile } = await import('./planFile.js');
      process.exitCode = await planFile(file, flags);
    });
}
