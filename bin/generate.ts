import { Option, type Command } from 'commander';
import { openAccount, simulateAccount } from './account.js';
import { figureFlags, reading } from './flags.js';
import { figuresOf, type FigureFlags } from './figures.js';
import { progressModes, type ProgressMode } from './progress/progress.js';
import { readPrompts, type Defaults } from './prompts.js';
import { ResultsFile } from './results.js';
import { run } from './run.js';
import { Tally } from './tally.js';
import { parseDuration, parseNatural, parseSpeed } from './units.js';
import { UsageError } from './usageError.js';

interface GenerateFlags extends FigureFlags {
  readonly out: string;
  readonly model?: string;
  readonly mode?: string;
  readonly duration?: string;
  readonly aspectRatio?: string;
  readonly negativePrompt?: string;
  readonly baseUrl?: string;
  readonly pollInterval: number;
  readonly deadline: number;
  readonly maxRetries: number;
  readonly progress: ProgressMode;
  readonly simulate?: true;
  readonly speed?: number;
}

const help = `
FILE, in UTF-8:
  .txt     a prompt a line; blank lines are skipped, all others are prompts ("#" begins no comment)
  .jsonl   a request a line, with Kling's field names: {"prompt":"a cat","duration":"10","id":"cat-1"}
           "product" is text2video (if left out), image2video, images or video-extend; the external id begins
           with "id" (1 to 40 of A-Z a-z 0-9 _ -) if there is one
  - or any other name: as .jsonl if the first line that is not blank begins with "{", else as .txt
  All of it is read and checked first: on a bad line nothing is sent, and each is told by its number.

Results:
  DIR/results.jsonl gets a line as soon as a task ends: index, id, prompt (its text), status, taskId, outputs,
  attempts, submittedAtMs, endedAtMs, error. Results that are there already are never overwritten (choose another
  --out); only a simulated run replaces those of another simulated run.

Credentials:
  KLING_API_KEY, or else KLING_ACCESS_KEY and KLING_SECRET_KEY, in the environment. They are tried before anything
  is submitted.

Tiers:
  free 1 task at once, 10 requests a minute, 66 credits a day; standard 3 and 30; pro 5 and 60; enterprise needs
  --concurrent (at least 10) and --rate. Exact numbers override a tier's. Polls are requests too. Credits are
  estimated, and counted from the start of the run; what they do not cover waits for midnight, UTC.

Interrupting:
  Ctrl-C once: nothing new is submitted; what runs is paid for, and waited for. Twice: leaves at once, and prints the
  ids of what runs on.

Exit codes:
  0    all succeeded
  1    some failed, or results could not be written to the end (then they are printed)
  2    wrong usage, configuration or credentials; nothing was submitted
  130  interrupted

Examples:
  $ sluice generate prompts.txt --tier pro --duration 10 --aspect-ratio 9:16
  $ sluice generate shots.jsonl --concurrent 4 --rate off --out monday --progress lines
  $ echo "a cat that yawns" | sluice generate - --simulate --speed 60`;

/** Adds `sluice generate`. */
export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .summary('make a video of each prompt in a file')
    .description('Makes a video of each prompt in a file, as fast as the limits of the account allow.')
    .argument('<file>', 'a file of prompts (.txt or .jsonl), or - for standard input')
    .option('--out <dir>', 'where results.jsonl is written', 'sluice-out');
  for (const flag of figureFlags()) command.addOption(flag);
  command
    .option('--model <name>', 'the model, for lines that name none')
    .option('--mode <mode>', 'std or pro, for lines that do not say')
    .option('--duration <seconds>', '5 or 10, for lines that do not say')
    .option('--aspect-ratio <ratio>', '16:9, 9:16 or 1:1, for lines that do not say')
    .option('--negative-prompt <text>', 'what must not be seen, for lines that do not say')
    .option('--base-url <url>', "Kling's address (default: https://api-singapore.klingai.com)")
    .addOption(duration('--poll-interval <time>', 'from one poll of a task to the next', '10s'))
    .addOption(duration('--deadline <time>', 'how long to wait for a task; it goes on after that', '60m'))
    .addOption(
      new Option('--max-retries <n>', 'how often a refused request is tried again')
        .argParser(reading(parseNatural))
        .default(5),
    )
    .addOption(new Option('--progress <how>', 'on standard error').choices(progressModes).default('auto'))
    .addOption(new Option('--simulate', 'against a Kling of our own on this machine').conflicts('baseUrl'))
    .addOption(
      new Option('--speed <n>', 'with --simulate: how many times as fast its time runs (default: 1)').argParser(
        reading(parseSpeed),
      ),
    )
    .addHelpText('after', help)
    .action(async (file: string, flags: GenerateFlags) => {
      process.exitCode = await generateFile(file, flags);
    });
}

async function generateFile(file: string, flags: GenerateFlags): Promise<number> {
  const { out, baseUrl, simulate: simulated = false, speed = 1 } = flags;
  if (flags.speed !== undefined && !simulated) throw new UsageError('--speed is for --simulate');
  const figures = figuresOf(flags);
  const prompts = await readPrompts(file, defaultsOf(flags));
  const account = simulated ? await simulateAccount(figures, speed) : openAccount(figures, baseUrl, process.env);
  try {
    const tally = new Tally(account);
    await account.check();
    const results = ResultsFile.open(out, { simulated });
    const { pollInterval: pollIntervalMs, deadline: deadlineMs, maxRetries, progress } = flags;
    return await run({
      ...{ prompts, account, figures, tally, results, pollIntervalMs, deadlineMs, maxRetries, progress, speed },
    });
  } finally {
    await account.close();
  }
}

function defaultsOf({ model, mode, duration: seconds, aspectRatio, negativePrompt }: GenerateFlags): Defaults {
  return {
    ...(model !== undefined && { model_name: model }),
    ...(mode !== undefined && { mode }),
    ...(seconds !== undefined && { duration: seconds }),
    ...(aspectRatio !== undefined && { aspect_ratio: aspectRatio }),
    ...(negativePrompt !== undefined && { negative_prompt: negativePrompt }),
  };
}

function duration(flags: string, description: string, preset: string): Option {
  return new Option(flags, description).argParser(reading(parseDuration)).default(parseDuration(preset), preset);
}
