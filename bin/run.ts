import { from, lastValueFrom, tap } from 'rxjs';
import { generate, type GenerateEvent, type GenerateResult } from '../operators/index.js';
import type { KlingRequest } from '../src/kling/index.js';
import type { Account } from './account.js';
import { Board } from './board.js';
import type { Figures } from './figures.js';
import { onInterrupt } from './interrupts.js';
import { quotaNotice, runningNotice, startNotice, unwrittenNotice } from './notices.js';
import type { View } from './progress/bars.js';
import { createProgress } from './progress/createProgress.js';
import type { Progress, ProgressMode } from './progress/progress.js';
import type { Prompt } from './prompts.js';
import { resultLine, type ResultsFile } from './results.js';
import type { Summary } from './summary.js';
import type { Tally } from './tally.js';

export interface RunOptions {
  readonly prompts: readonly Prompt[];
  readonly account: Account;
  readonly figures: Figures;
  readonly tally: Tally;
  readonly results: ResultsFile;
  readonly pollIntervalMs: number;
  readonly deadlineMs: number;
  readonly maxRetries: number;
  readonly progress: ProgressMode;
  /** How many times as fast as ours Kling's time runs. */
  readonly speed: number;
}

/** What the process ends with; the help tells it. */
export const exitCodes = { succeeded: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Sends the prompts, shows how it goes, writes each result as it comes, and hands back the exit code. */
export async function run(options: RunOptions): Promise<number> {
  return new Run(options).toItsEnd();
}

class Run {
  readonly #options: RunOptions;
  readonly #board: Board;
  readonly #progress: Progress;
  readonly #stop = new AbortController();
  #isInterrupted = false;
  #isUnwritten = false;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#board = new Board(options.prompts.length);
    this.#progress = createProgress({
      mode: options.progress,
      output: process.stderr,
      env: process.env,
      promptAt: (index) => this.#promptAt(index),
      view: () => this.#view(),
    });
  }

  async toItsEnd(): Promise<number> {
    const { prompts, account, pollIntervalMs, deadlineMs, maxRetries } = this.#options;
    const { client, slots, requests, clock } = account;
    const unlisten = this.#listen();
    this.#progress.note(startNotice(prompts.length, this.#options.figures, this.#options.speed));
    let summary: Summary | undefined;
    try {
      const results$ = from(prompts.map(({ request }) => request)).pipe(
        generate(client, {
          ...{ slots, requests, clock, pollIntervalMs, deadlineMs, maxRetries },
          externalId: (_, index) => externalId(prompts[index]?.idBase),
          stop: this.#stop.signal,
          observer: { next: (event) => this.#tell(event) },
        }),
        tap((result) => this.#keep(result)),
      );
      await lastValueFrom(results$, { defaultValue: undefined });
      this.#flush();
      summary = this.#summary();
      return this.#exitCode(summary);
    } catch (error) {
      this.#noteRunning('this run is over');
      this.#flush();
      throw error;
    } finally {
      unlisten();
      this.#progress.close(summary);
    }
  }

  #listen(): () => void {
    const warned = this.#options.account.slots.on((event) => {
      if (event.type !== 'warning' || event.usage.kind !== 'quota') return;
      this.#progress.note(quotaNotice(event.usage));
    });
    const interrupted = onInterrupt(
      () => this.#interrupt(),
      () => this.#leave(),
    );
    return () => {
      warned();
      interrupted();
    };
  }

  #tell(event: GenerateEvent): void {
    this.#board.tell(event);
    this.#progress.event(event);
  }

  /** A result that cannot be written is shown instead: it is paid for. */
  #keep(result: GenerateResult<KlingRequest>): void {
    this.#options.tally.add(result);
    const line = resultLine(result);
    try {
      this.#options.results.append(line);
    } catch (error) {
      this.#unwritten(error);
      this.#progress.print(line);
    }
  }

  #flush(): void {
    try {
      this.#options.results.close();
    } catch (error) {
      this.#unwritten(error);
    }
  }

  #unwritten(error: unknown): void {
    if (this.#isUnwritten) return;
    this.#isUnwritten = true;
    this.#stop.abort();
    this.#progress.note(unwrittenNotice(this.#options.results.path, error));
  }

  #interrupt(): void {
    this.#isInterrupted = true;
    this.#stop.abort();
    this.#noteRunning('stopping: nothing new is submitted, what runs is waited for (once more to leave at once)');
  }

  #leave(): void {
    this.#noteRunning('leaving: nothing is waited for');
    this.#flush();
    this.#progress.close();
    process.exit(exitCodes.interrupted);
  }

  #noteRunning(what: string): void {
    for (const line of runningNotice(what, this.#board.running)) this.#progress.note(line);
  }

  #exitCode({ succeeded, total }: Summary): number {
    if (this.#isInterrupted) return exitCodes.interrupted;
    return succeeded === total && !this.#isUnwritten ? exitCodes.succeeded : exitCodes.failed;
  }

  #promptAt(index: number): string {
    return this.#options.prompts[index]?.request.prompt ?? '';
  }

  #view(): View {
    const { account, tally } = this.#options;
    const { succeeded, failed, waiting, total } = this.#board;
    const [slots, requests] = [account.slots.snapshot(), account.requests.snapshot()];
    return {
      ...{ total, succeeded, failed, waiting },
      running: this.#board.running.map((task) => ({ ...task, prompt: this.#promptAt(task.index) })),
      refusals: tally.refusals,
      usage: [...requests.limits, ...slots.limits.filter(({ kind }) => kind === 'quota')],
      coolDownMs: requests.coolDownMs,
      elapsedMs: tally.elapsedMs,
      nowAtMs: account.clock.epochNow(),
      isStopping: this.#stop.signal.aborted,
    };
  }

  #summary(): Summary {
    const { prompts, figures, speed, results, tally } = this.#options;
    return tally.summary(prompts.length, figures, speed, results.path);
  }
}

/** Unique for ever, as Kling wants it, and at most 64 characters; a base of the user's own is easy to recognise. */
function externalId(base: string | undefined): string {
  const unique = crypto.randomUUID();
  return base === undefined ? `sluice-${unique}` : `${base}-${unique.slice(0, 13)}`;
}
