import { BarsProgress } from './barsProgress.js';
import { JsonProgress } from './jsonProgress.js';
import { LinesProgress } from './linesProgress.js';
import type { Output, Progress, ProgressMode } from './progress.js';
import type { View } from './view.js';

export interface ProgressOptions {
  readonly mode: ProgressMode;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  readonly promptAt: (index: number) => string;
  readonly view: () => View;
}

/** `auto` is bars on a terminal that can move its cursor and that people look at, and lines elsewhere, in CI too. */
export function createProgress({ mode, output, env, promptAt, view }: ProgressOptions): Progress {
  const isTerminal = output.isTTY === true && env['TERM'] !== 'dumb';
  const fitting = isTerminal && !isCi(env) ? 'bars' : 'lines';
  switch (mode === 'auto' ? fitting : mode) {
    case 'bars':
      return new BarsProgress(output, isTerminal && !env['NO_COLOR'], view);
    case 'lines':
      return new LinesProgress(output, promptAt);
    case 'json':
      return new JsonProgress(output);
    case 'none':
      return new LinesProgress(output);
  }
}

/** What runs jobs sets it; some of them give a terminal, too, and keep all that is written to it. */
function isCi({ CI = '' }: NodeJS.ProcessEnv): boolean {
  return CI !== '' && CI !== 'false' && CI !== '0';
}
