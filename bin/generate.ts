import type { Command } from 'commander';
import { addGenerateFlags, type GenerateFlags } from './generateFlags.js';
import { generateHelp } from './generateHelp.js';

/** Adds `sluice generate`. */
export function addGenerate(program: Command): void {
  const command = program
    .command('generate')
    .summary('make a video of each prompt in a file')
    .description('Makes a video of each prompt in a file, once, as fast as the limits of the account allow.')
    .argument('<file>', 'a file of prompts (.txt or .jsonl), or - for standard input');
  addGenerateFlags(command);
  command.addHelpText('after', generateHelp).action(async (file: string, flags: GenerateFlags) => {
    // Help and wrong flags need none of what this loads.
    const { generateFile } = await import('./generateFile.js');
    process.exitCode = await generateFile(file, flags);
  });
}
