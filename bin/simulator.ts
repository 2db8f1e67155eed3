import { once } from 'node:events';
import { Option, type Command } from 'commander';
import { OptionsError } from '../operators/index.js';
import { parseFaults, startSimulator, type Faults, type SimulatorOptions } from '../src/simulator/index.js';
import { figureFlags, reading } from './flags.js';
import type { FigureFlags } from './figures.js';
import { parseNatural, parseSpeed } from './units.js';
import { UsageError } from './usageError.js';

interface SimulatorFlags extends FigureFlags {
  readonly port: number;
  readonly speed: number;
  readonly seed: number;
  readonly faults?: Faults;
  readonly retryAfter: boolean;
}

const help = `
Its address goes to standard output, in a line of its own. It takes the key sim-key, or the access key sim-access with
the secret key sim-secret, and shows what it has seen at /books. A prompt with [fail] fails, one with [forbidden] is
refused. Numbers override the tier's; enterprise is 10 tasks at once and no rate unless they say otherwise.

Faults, a comma between them: name=0.1 is a share of the requests, name=#3+#7 the third and the seventh.
  latency (ms, 20 or 2-40), tooFast, plain429, pollError, resetBefore, errorBefore, noSlot, failing, hang, resetAfter,
  errorAfter, garbled

It runs until Ctrl-C (or SIGTERM).

Exit codes:
  0    stopped
  2    wrong usage, or a port that cannot be had

Examples:
  $ sluice simulator --port 8080 --tier pro --speed 60
  $ sluice simulator --faults resetAfter=0.1,pollError=0.2,latency=2-40 --seed 7
  $ KLING_API_KEY=sim-key sluice generate prompts.txt --base-url http://127.0.0.1:8080`;

/** Adds `sluice simulator`. */
export function addSimulator(program: Command): void {
  const command = program
    .command('simulator')
    .summary('run a simulated Kling on this machine')
    .description("Runs a server on 127.0.0.1 that behaves as Kling's API does, limits and faults included.")
    .addOption(port('--port <n>', 'the port; 0: one that is free'));
  for (const flag of figureFlags()) command.addOption(flag);
  command
    .addOption(
      new Option('--speed <n>', 'how many times as fast its time runs').argParser(reading(parseSpeed)).default(1),
    )
    .addOption(new Option('--faults <list>', 'what goes wrong (default: nothing)').argParser(reading(parseFaults)))
    .addOption(
      new Option('--seed <n>', 'the same seed draws the same lives and faults')
        .argParser(reading(parseNatural))
        .default(1),
    )
    .option('--retry-after', 'refusals for speed say how long to wait', false)
    .addHelpText('after', help)
    .action(async (flags: SimulatorFlags) => {
      const simulator = await startSimulator(optionsOf(flags)).catch((error: unknown) => {
        if (!(error instanceof OptionsError)) throw error;
        throw new UsageError(error.message.replace('startSimulator: ', ''), { cause: error });
      });
      const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
      process.stdout.write(`${simulator.url}\n`);
      await interrupted;
      await simulator.stop();
    });
}

function optionsOf({ concurrent, rate, dailyCredits, ...rest }: SimulatorFlags): SimulatorOptions {
  return {
    ...rest,
    ...(concurrent !== undefined && { tasks: concurrent }),
    ...(rate === 'off' && { requests: 'off' }),
    ...(typeof rate === 'object' && { requests: rate.limit, intervalMs: rate.intervalMs }),
    ...(dailyCredits !== undefined && { credits: dailyCredits }),
  };
}

function port(flags: string, description: string): Option {
  return new Option(flags, description).argParser(reading(parseNatural)).default(0);
}
