import { once } from 'node:events';
import { OptionsError } from '../operators/index.js';
import { parseFaults, startSimulator, type OthersWindow, type SimulatorOptions } from '../src/simulator/index.js';
import type { FigureFlags } from './figures.js';
import { UsageError } from './usageError.js';

export interface SimulatorFlags extends FigureFlags {
  readonly port: number;
  readonly speed: number;
  readonly seed: number;
  readonly faults?: string;
  readonly others?: readonly OthersWindow[];
  readonly callbackSecret?: string;
  readonly retryAfter: boolean;
}

/** Serves until Ctrl-C (or SIGTERM). */
export async function serveSimulator(flags: SimulatorFlags): Promise<void> {
  const simulator = await startSimulator(optionsOf(flags)).catch((error: unknown) => {
    if (!(error instanceof OptionsError)) throw error;
    throw new UsageError(error.message.replace('startSimulator: ', ''), { cause: error });
  });
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  process.stdout.write(`${simulator.url}\n`);
  await interrupted;
  await simulator.stop();
}

function optionsOf({ concurrent, rate, dailyCredits, faults, ...rest }: SimulatorFlags): SimulatorOptions {
  return {
    ...rest,
    ...(faults !== undefined && { faults: parseFaults(faults) }),
    ...(concurrent !== undefined && { tasks: concurrent }),
    ...(rate === 'off' && { requests: 'off' }),
    ...(typeof rate === 'object' && { requests: rate.limit, intervalMs: rate.intervalMs }),
    ...(dailyCredits !== undefined && { credits: dailyCredits }),
  };
}
