#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { SluiceError } from '../src/errors.js';
import { exitCodes } from './exitCodes.js';
import { addGenerate } from './generate.js';
import { addPlan } from './plan.js';
import { addSimulator } from './simulator.js';
import { clean, harmless } from './text.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

// Whoever reads along may leave; the tasks that run are paid for, and go on being collected.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const program = new Command('sluice')
  .description('Pushes a stream of prompts through the limits of a Kling account.')
  .version(version)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(`sluice: ${oneLine(text)}\n`) });
addGenerate(program);
addPlan(program);
addSimulator(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = codeFor(error);
}

/** Says what went wrong, unless commander has. */
function codeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.succeeded : exitCodes.usage;
  if (error instanceof SluiceError) {
    for (const line of error.message.split('\n')) console.error(`sluice: ${harmless(line)}`);
    return exitCodes.usage;
  }
  console.error(error);
  return exitCodes.failed;
}

function oneLine(text: string): string {
  return clean(text.replace(/^error: /, '').replace(' is invalid. ', ' is invalid: '));
}
