import { Option, type Command } from 'commander';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Dispatcher } from 'undici';
import type { CallbackFlags } from './callbacks.js';
import type { DownloadPlace } from './downloads.js';
import type { AskingFigureFlags } from './figures.js';
import { figureFlags, reading } from './flags.js';
import { progressModes, type ProgressMode } from './progress/progress.js';
import { addPromptFlags, defaultsOf, flagOf, type Defaults, type PromptFlags } from './promptFlags.js';
import { parseLease, parseRedisUrl, parseRunName, type RedisFlags } from './redisRun.js';
import type { Settings } from './settings.js';
import { parseBudget, parseDuration, parseNatural, parseSpeed, parseTimeZone } from './units.js';
import { UsageError } from './usageError.js';

export interface GenerateFlags extends AskingFigureFlags, PromptFlags, CallbackFlags, RedisFlags {
  readonly out: string;
  readonly runCredits?: number;
  readonly retryFailed?: true;
  readonly drain?: true;
  /** `true`: into a folder of `out`. */
  readonly download?: string | true;
  readonly pollInterval?: number;
  readonly deadline: number;
  readonly maxRetries: number;
  readonly progress: ProgressMode;
  readonly simulate?: true;
  readonly speed?: number;
}

/** Adds the flags of `sluice generate`. */
export function addGenerateFlags(command: Command): void {
  command.addOption(
    option('--out <dir>', 'where the results are, and what is needed to go on', parseDirectory).default('sluice-out'),
  );
  for (const flag of figureFlags({ canAsk: true })) command.addOption(flag);
  command
    .addOption(option('--time-zone <zone>', 'whose day that is, like Europe/Berlin', parseTimeZone).default('UTC'))
    .addOption(option('--run-credits <n>', 'credits in all, for all runs on DIR (default: no bound)', parseBudget));
  addPromptFlags(command);
  command
    .option('--base-url <url>', "Kling's address (default: https://api-singapore.klingai.com)")
    .addOption(option('--download [dir]', 'save what is made, too (default: DIR/videos)', parseDownload))
    .option('--retry-failed', 'make once more what has failed in an earlier run')
    .option('--drain', 'the first Ctrl-C waits for what runs')
    .addOption(option('--redis <url>', 'share the run with other workers, like redis://host:6379', parseRedisUrl))
    .addOption(option('--run <name>', 'with --redis: which run, the same for all its workers', parseRunName))
    .addOption(
      option('--lease <time>', 'with --redis: how long a silent worker counts as alive (default: 30s)', parseLease),
    )
    .addOption(option('--callback-port <n>', 'listen here for word from Kling, and poll less', parsePort))
    .option('--callback-url <url>', 'where Kling finds that port')
    .addOption(
      option(
        '--poll-interval <time>',
        'from one poll of a task to the next (default: 10s; 30s with callbacks)',
        parseDuration,
      ),
    )
    .addOption(
      option('--deadline <time>', 'how long to wait for a task; it goes on after that', parseDuration).default(
        parseDuration('60m'),
        '60m',
      ),
    )
    .addOption(option('--max-retries <n>', 'how often a refused request is tried again', parseNatural).default(5))
    .addOption(new Option('--progress <how>', 'on standard error').choices(progressModes).default('auto'))
    .addOption(
      new Option('--simulate', 'against a Kling of our own on this machine').conflicts([
        'baseUrl',
        'retryFailed',
        'redis',
        'run',
        'lease',
      ]),
    )
    .addOption(option('--speed <n>', 'with --simulate: how many times as fast its time runs (default: 1)', parseSpeed));
}

/** With any other of these every prompt would be another one, or be looked for where it is not. */
export function settingsOf(flags: GenerateFlags): Settings {
  const { api, baseUrl } = flags;
  const defaults = Object.entries(defaultsOf(flags)).map(([name, value]) => [flagOf[name as keyof Defaults], value]);
  return {
    ...(Object.fromEntries(defaults) as Settings),
    '--api': api,
    ...(baseUrl !== undefined && { '--base-url': baseUrl }),
  };
}

/** Where what is made is saved, if it is, and by way of what it comes. */
export function downloadsOf(
  { out, download, simulate, baseUrl }: GenerateFlags,
  dispatcher?: Dispatcher,
): DownloadPlace | undefined {
  if (download === undefined) return undefined;
  const httpsOnly = simulate !== true && (baseUrl === undefined || /^https:/i.test(baseUrl));
  return { directory: download === true ? join(out, 'videos') : download, httpsOnly, dispatcher };
}

function option(flags: string, description: string, parse: (text: string) => unknown): Option {
  return new Option(flags, description).argParser(reading(parse));
}

/** A variable of a script that is not set gives none. */
function parseDirectory(text: string): string {
  if (text === '') throw new UsageError('must be the path of a directory');
  return text;
}

/** It takes the word after it for its own. */
function parseDownload(text: string): string {
  if (existsSync(text) && statSync(text).isFile()) {
    throw new UsageError('is a file: give FILE before --download, or the directory as --download=DIR');
  }
  return parseDirectory(text);
}

function parsePort(text: string): number {
  const port = parseNatural(text);
  if (port > 65_535) throw new UsageError('must be a port, up to 65535, or 0 for one that is free');
  return port;
}
