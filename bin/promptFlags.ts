import { Option, type Command } from 'commander';
import type { KlingApi } from '../src/kling/index.js';

/** The flags that are a part of what prompts ask for. */
export interface PromptFlags {
  readonly api: KlingApi;
  readonly model?: string;
  readonly mode?: string;
  readonly duration?: string;
  readonly aspectRatio?: string;
  readonly negativePrompt?: string;
}

/** What a line gets where it does not say so itself, by Kling's names. */
export type Defaults = Readonly<
  Partial<Record<'model_name' | 'mode' | 'duration' | 'aspect_ratio' | 'negative_prompt', string>>
>;

/** The flag of each default, for the error that names it. */
export const flagOf: Readonly<Record<keyof Defaults, string>> = {
  model_name: '--model',
  mode: '--mode',
  duration: '--duration',
  aspect_ratio: '--aspect-ratio',
  negative_prompt: '--negative-prompt',
};

/** Adds them to a command. */
export function addPromptFlags(command: Command): void {
  command
    .option('--model <name>', 'the model, for lines that name none')
    .option('--mode <mode>', 'std or pro, for lines that do not say')
    .option('--duration <seconds>', '5 or 10, for lines that do not say')
    .option('--aspect-ratio <ratio>', '16:9, 9:16 or 1:1, for lines that do not say')
    .option('--negative-prompt <text>', 'what must not be seen, for lines that do not say')
    .addOption(new Option('--api <standard>', "which of Kling's APIs to speak").choices(['v1', 'new']).default('v1'));
}

/** What a line of the file gets where it does not say so itself. */
export function defaultsOf({ model, mode, duration, aspectRatio, negativePrompt }: PromptFlags): Defaults {
  return {
    ...(model !== undefined && { model_name: model }),
    ...(mode !== undefined && { mode }),
    ...(duration !== undefined && { duration }),
    ...(aspectRatio !== undefined && { aspect_ratio: aspectRatio }),
    ...(negativePrompt !== undefined && { negative_prompt: negativePrompt }),
  };
}
