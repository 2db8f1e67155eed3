import { catchError, EMPTY, from, lastValueFrom, tap } from 'rxjs';
import { generate, JournalError, type GenerateEvent, type GenerateResult } from '../operators/index.js';
import type { KlingClient, KlingRequest } from '../src/kling/index.js';
import type { TaskUpdates } from '../src/tasks/taskApi.js';
import { Board } from './board.js';
import type { Connection } from './connection.js';
import { Downloads, type DownloadEvent, type DownloadPlace } from './downloads.js';
import { exitCodes } from './exitCodes.js';
import type { Figures } from './figures.js';
import { heldJournal } from './heldJournal.js';
import { onInterrupt } from './interrupts.js';
import { Keeper } from './keeper.js';
import { leavingNotice, quotaNotice, runningNotice, startNotice, unwrittenNotice } from './notices.js';
import { createProgress } from './progress/createProgress.js';
import type { Progress, ProgressMode } from './progress/progress.js';
import type { View } from './progress/view.js';
import type { Prompt } from './prompts.js';
import type { ResultsFile } from './results.js';
import type { RedisRun } from './redisRun.js';
import type { Roster } from './roster.js';
import type { RunDirectory } from './runDirectory.js';
import { onQuotaWarning, slotsNow, type Slots } from './slots.js';
import type { Summary } from './summary.js';
import type { Tally } from './tally.js';

export interface RunOptions {
  readonly prompts: readonly Prompt[];
  readonly roster: Roster;
  readonly connection: Connection;
  /** That of the connection, or one that asks for callbacks, too. */
  readonly client: KlingClient;
  readonly figures: Figures;
  readonly slots: Slots;
  readonly tally: Tally;
  readonly results: ResultsFile;
  /** What survives this run; undefined where it is simulated: nothing does. */
  readonly memory: RunDirectory | undefined;
  /** Where the memory is shared with other workers, if it is. */
  readonly redis: RedisRun | undefined;
  readonly updates: TaskUpdates | undefined;
  /** Where what has been made is saved, if it is. */
  readonly downloadTo: DownloadPlace | undefined;
  readonly pollIntervalMs: number | undefined;
  readonly deadlineMs: number;
  readonly maxRetries: number;
  readonly runCredits: number | undefined;
  readonly retryFailed: boolean;
  /** True: the first interrupt waits for what runs. */
  readonly drains: boolean;
  readonly progress: ProgressMode;
  /** How many times as fast as ours Kling's time runs. */
  readonly speed: number;
}

/** Sends the prompts, shows how it goes, writes each result as it comes, and hands back the exit code. */
export async function run(options: RunOptions): Promise<number> {
  return new Run(options).toItsEnd();
}

type Result = GenerateResult<KlingRequest>;

class Run {
  readonly #options: RunOptions;
  readonly #board: Board;
  readonly #progress: Progress;
  readonly #downloads: Downloads | undefined;
  readonly #keeper: Keeper;
  readonly #stop = new AbortController();
  #isInterrupted = false;
  #isLeaving = false;
  /** Never resolves: the process ends first. */
  #left: Promise<never> | undefined = undefined;
  #isUnwritten = false;

  constructor(options: RunOptions) {
    this.#options = options;
    const { roster, results, progress, downloadTo } = options;
    this.#board = new Board(roster.size);
    const saved = (event: DownloadEvent): void => {
      if (!this.#isLeaving) this.#progress.event(event);
    };
    this.#downloads = downloadTo === undefined ? undefined : new Downloads(downloadTo, saved);
    this.#keeper = new Keeper({
      roster,
      results,
      downloads: this.#downloads,
      onUnwritten: (path, error) => this.#unwritten(path, error),
      print: (line) => this.#progress.print(line),
    });
    this.#progress = createProgress({
      mode: progress,
      output: process.stderr,
      env: process.env,
      promptAt: (index) => roster.textAt(index),
      view: () => this.#view(),
    });
  }

  async toItsEnd(): Promise<number> {
    const unlisten = this.#listen();
    const { roster, memory, ...beginning } = this.#options;
    this.#progress.note(startNotice({ ...beginning, standing: roster.standing }));
    let summary: Summary | undefined;
    try {
      if (memory !== undefined) this.#keeper.keepEarlier(memory.history);
      await this.#generate();
      await this.#downloads?.finish();
      this.#keeper.flush();
      summary = this.#summary();
      return this.#exitCode(summary);
    } catch (error) {
      this.#noteRunning('this run is over');
      this.#keeper.flush();
      throw error;
    } finally {
      unlisten();
      this.#progress.close(summary);
    }
  }

  async #generate(): Promise<void> {
    const { prompts, client, connection, slots, memory, updates } = this.#options;
    const { pollIntervalMs, deadlineMs, maxRetries, runCredits, retryFailed } = this.#options;
    const { requests, clock } = connection;
    const failed = (error: unknown): void => this.#unwritten(undefined, error);
    const results$ = from(prompts.map(({ request }) => request)).pipe(
      generate(client, {
        slots: slots.limiter,
        requests,
        clock,
        deadlineMs,
        maxRetries,
        retryFailed,
        ...(pollIntervalMs !== undefined && { pollIntervalMs }),
        ...(runCredits !== undefined && { runCredits }),
        ...(updates !== undefined && { updates }),
        ...(memory !== undefined && { journal: heldJournal(memory, failed) }),
        promptId: (_, index) => prompts[index]?.id,
        stop: this.#stop.signal,
        observer: { next: (event) => this.#tell(event) },
      }),
      tap((result) => this.#take(result)),
      // All that ran has been collected since.
      catchError((error: unknown) => {
        if (!(error instanceof JournalError)) throw error;
        failed(error);
        return EMPTY;
      }),
    );
    try {
      await lastValueFrom(results$, { defaultValue: undefined });
    } finally {
      // What ran may have ended meanwhile: whoever leaves has told of it as it was.
      await this.#left;
    }
  }

  #listen(): () => void {
    const { slots, figures, drains, redis } = this.#options;
    const warned = onQuotaWarning(slots, (usage) => this.#progress.note(quotaNotice(usage, figures.timeZone)));
    const leave = (): void => {
      if (this.#isLeaving) process.exit(exitCodes.interrupted);
      this.#left = this.#leave();
    };
    const interrupted = onInterrupt(drains ? () => this.#drain() : leave, leave);
    const listened = redis?.onAway((notice) => this.#progress.note(notice));
    return () => {
      listened?.();
      warned();
      interrupted();
    };
  }

  #tell(event: GenerateEvent): void {
    if (this.#isLeaving) return;
    this.#options.tally.tell(event);
    const placed = { ...event, index: this.#options.roster.placeOf(event.id) ?? event.index };
    this.#board.tell(placed);
    this.#progress.event(placed);
  }

  #take(result: Result): void {
    if (this.#isLeaving) return;
    this.#options.tally.add(result);
    this.#keeper.keep(result);
  }

  #unwritten(path: string | undefined, error: unknown): void {
    if (this.#isUnwritten || this.#isLeaving) return;
    this.#isUnwritten = true;
    this.#stop.abort();
    this.#progress.note(unwrittenNotice(path, error));
  }

  #drain(): void {
    this.#isInterrupted = true;
    this.#stop.abort();
    this.#noteRunning('stopping: nothing new is submitted, what runs is waited for (once more to leave at once)');
  }

  /** Nothing is lost: what was sent is in the journal, and is not sent again. */
  async #leave(): Promise<never> {
    const { memory } = this.#options;
    this.#stop.abort();
    this.#noteRunning('leaving: nothing new is submitted, nothing is waited for');
    if (memory !== undefined) {
      this.#progress.note(leavingNotice(this.#options.redis !== undefined));
    }
    this.#keeper.flush();
    this.#progress.close();
    this.#isLeaving = true;
    await memory?.close();
    process.exit(exitCodes.interrupted);
  }

  #noteRunning(what: string): void {
    const isSimulated = this.#options.memory === undefined;
    for (const line of runningNotice(what, this.#board.existing, isSimulated)) this.#progress.note(line);
  }

  #exitCode({ succeeded, total, videos }: Summary): number {
    if (this.#isInterrupted) return exitCodes.interrupted;
    const isWhole = succeeded === total && !this.#isUnwritten && (videos === undefined || videos.failed === 0);
    return isWhole ? exitCodes.succeeded : exitCodes.failed;
  }

  #view(): View {
    const { connection, slots, roster, tally } = this.#options;
    const { succeeded, failed, unfinished, earlier, waiting, total } = this.#board;
    const [held, requests] = [slots.limiter.snapshot(), connection.requests.snapshot()];
    return {
      total,
      succeeded,
      failed,
      unfinished,
      earlier,
      waiting,
      running: this.#board.running.map((task) => ({ ...task, prompt: roster.textAt(task.index) })),
      saved: this.#downloads?.counts,
      refusals: tally.refusals,
      usage: [...requests.limits, ...held.limits],
      coolDownMs: requests.coolDownMs,
      elapsedMs: tally.elapsedMs,
      nowAtMs: connection.clock.epochNow(),
      isStopping: this.#stop.signal.aborted,
    };
  }

  #summary(): Summary {
    const { roster, figures, slots, speed, results, tally, memory, redis } = this.#options;
    const limits = { rate: figures.rate, concurrent: slotsNow(slots) };
    const outcome = tally.outcome(roster.size, limits, memory?.known);
    return {
      ...outcome,
      videos: this.#downloads && { ...this.#downloads.counts, directory: this.#downloads.directory },
      speed,
      resultsPath: results.path,
      isShared: redis !== undefined,
      canGoOn: memory !== undefined && outcome.unfinished + outcome.notSent + this.#unsaved > 0,
      canRetry: memory !== undefined && outcome.failed > 0,
    };
  }

  get #unsaved(): number {
    return this.#downloads?.counts.failed ?? 0;
  }
}
