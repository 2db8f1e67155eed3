import type { GenerateEvent, GenerateResult } from '../operators/index.js';
import type { KlingRequest } from '../src/kling/index.js';
import type { JournalHistory } from '../src/journal/index.js';
import { reasonsOf } from '../operators/generating/reasons.js';
import { limitsAloneMs } from '../src/tasks/limitsAlone.js';
import type { Connection } from './connection.js';
import type { Figures } from './figures.js';
import type { Summary } from './summary.js';

type Result = GenerateResult<KlingRequest>;

/** Counts what a run does, from the moment its connection is open. */
export class Tally {
  readonly #connection: Connection;
  readonly #startedAtMs: number;
  /** The same on the wall. */
  readonly #startedEpochMs: number;
  /** What was told last of each task: one that was not over may have come to its end. */
  readonly #lastOfEach = new Map<string, Result>();
  /** How long tasks took, as the server says. */
  readonly #durations = new Map<string, number>();
  #requests = 0;
  #refusals = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#startedAtMs = connection.clock.now();
    this.#startedEpochMs = connection.clock.epochNow();
    connection.requests.on(({ type }) => {
      if (type === 'admitted') this.#requests += 1;
      if (type === 'refused') this.#refusals += 1;
    });
  }

  /** Refusals for speed, or for want of a slot, of any request. */
  get refusals(): number {
    return this.#refusals;
  }

  /** In Kling's time. */
  get elapsedMs(): number {
    return this.#connection.clock.now() - this.#startedAtMs;
  }

  /** What happens to tasks, each before its result. */
  tell(event: GenerateEvent): void {
    if (event.type === 'ended' && event.durationMs !== undefined) this.#durations.set(event.id, event.durationMs);
  }

  add(result: Result): void {
    this.#lastOfEach.set(result.id, result);
  }

  /** @param total how many prompts there were; strays of earlier runs are among them */
  outcome(total: number, figures: Pick<Figures, 'concurrent' | 'rate'>, history: JournalHistory | undefined): Outcome {
    const ended = [...this.#lastOfEach.values()];
    const final = ended.filter(({ isFinal }) => isFinal);
    const unfinished = ended.filter(({ isFinal }) => !isFinal);
    const made = final.filter(({ status }) => status === 'succeeded');
    const here = ended.filter(({ isEarlier }) => isEarlier !== true);
    const credits = sum(here.map((result) => (result.isFinal ? result.credits : 0)));
    return {
      total,
      succeeded: made.length,
      earlier: made.filter(({ isEarlier }) => isEarlier === true).length,
      failed: final.length - made.length,
      reasons: reasonsOf(final),
      unfinished: unfinished.length,
      unfinishedReasons: reasonsOf(unfinished),
      notSent: total - ended.length,
      refusals: this.#refusals,
      requests: this.#requests,
      credits,
      creditsInAll: credits + creditsBefore(history),
      tookMs: this.elapsedMs,
      limitsAloneMs: limitsAloneMs({ ...figures, tasks: this.#tasks(here), requests: this.#requests }),
    };
  }

  /** Of what an earlier run has sent, the part that was left for this one. */
  #tasks(results: readonly Result[]): { slots: number; durationMs: number }[] {
    return results
      .toSorted((one, other) => one.index - other.index)
      .flatMap(({ id, prompt, submittedAtMs, endedAtMs: seenAtMs }) => {
        if (submittedAtMs === undefined) return [];
        const endedAtMs = Math.min(seenAtMs, submittedAtMs + (this.#durations.get(id) ?? Infinity));
        const durationMs = Math.max(0, endedAtMs - Math.max(submittedAtMs, this.#startedEpochMs));
        return [{ slots: this.#connection.client.weigh(prompt), durationMs }];
      });
  }
}

/** What a tally knows of how a run ended. */
export type Outcome = Omit<Summary, 'speed' | 'resultsPath' | 'videos' | 'canGoOn' | 'canRetry' | 'isShared'>;

/** What earlier runs have spent on tasks that have ended. */
function creditsBefore(history: JournalHistory | undefined): number {
  if (history === undefined) return 0;
  const ended = history.tasks.filter(({ phase }) => phase === 'ended');
  return sum([...ended, ...history.replaced].map(({ credits }) => credits));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
