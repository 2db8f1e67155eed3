import { Durations } from './durations.js';
import { pollInstant } from './pollInstant.js';
import { PollWorth } from './pollWorth.js';

export interface PollPlanOptions {
  /** From a poll of a task to its next while little is known, in ms, more than 0; half of it is the delay that is aimed at. */
  readonly intervalMs: number;
  /** A task is never due sooner after its start or its last answer, in ms; up to `intervalMs`. @defaultValue intervalMs / 4 */
  readonly minIntervalMs?: number;
  /** A task is never due later than that, in ms; from `intervalMs`. @defaultValue 4 x intervalMs */
  readonly maxIntervalMs?: number;
  /** How many tasks one poll can ask for; an integer of at least 1. */
  readonly batch: number;
}

interface Running {
  readonly id: string;
  readonly startedAtMs: number;
  /** When the last poll left that found it running, or its start. */
  seenAtMs: number;
  /** When its last poll was answered, well or badly, or its start: intervals count from here. */
  heardAtMs: number;
  /** Since when a poll that asks for it is on its way. */
  leftAtMs: number | undefined;
  /** When somebody said that it had changed, after its last poll left. */
  hintedAtMs: number | undefined;
}

/** How many durations make a distribution. */
const enough = 8;
/** While the server does not say how long tasks took, polls of one are no further apart than so many intervals. */
const guessingIntervals = 2;
/** Polls further apart than so many tell nothing about an end between them. */
const widestGuess = 3;
/** By which chance that they have ended tasks are put in order where one poll cannot ask for all. */
const worthALook = 0.25;

/**
 * When to poll which of the running tasks of a product: as many in one request as fit, and as few requests as it takes to
 * notice an end `intervalMs / 2` late, which is what a poll of each task every `intervalMs` does. Pure.
 *
 * `nextAtMs` says when to ask for the permit of a poll; `take`, called when the poll leaves, whom it asks for: nobody, if by
 * then there is no reason to any more. Whoever was taken is on its way, and in no other poll, until `answered` or `ended`.
 * Several polls can be on their way. Whenever `nextAtMs(now) <= now`, `take(now)` is not empty.
 *
 * While fewer than 8 durations are known, a task is due `intervalMs` after its start or the answer to its last poll. From
 * then on `pollInstant` decides by the latest durations, and a poll's worth by the delays that came of it (`PollWorth`).
 * All others that are not on their way ride along, as far as there is room.
 */
export class PollPlan {
  readonly #intervalMs: number;
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #batch: number;
  readonly #durations = new Durations();
  readonly #worth: PollWorth;
  readonly #tasks = new Map<string, Running>();
  /** The server did not say how long the last task took. */
  #isGuessing = false;
  /** What `nextAtMs` says until something happens. */
  #nextAtMs: number | undefined;

  constructor({ intervalMs, minIntervalMs, maxIntervalMs, batch }: PollPlanOptions) {
    this.#intervalMs = intervalMs;
    this.#minMs = minIntervalMs ?? intervalMs / 4;
    this.#maxMs = maxIntervalMs ?? intervalMs * 4;
    this.#batch = batch;
    this.#worth = new PollWorth(intervalMs);
  }

  /** A task runs, since `atMs`: in the past for one that was adopted, its discovery if nobody knows. Known ids are left alone. */
  started(id: string, atMs: number): void {
    if (this.#tasks.has(id)) return;
    this.#tasks.set(id, {
      id,
      startedAtMs: atMs,
      seenAtMs: atMs,
      heardAtMs: atMs,
      leftAtMs: undefined,
      hintedAtMs: undefined,
    });
    this.#nextAtMs = undefined;
  }

  /** When the next poll should leave: in the past if it is late, Infinity while there is nobody to ask for. */
  nextAtMs(nowMs: number): number {
    return (this.#nextAtMs ??= this.#decide(nowMs));
  }

  /** Whom the poll that leaves now asks for. */
  take(nowMs: number): readonly string[] {
    if (this.nextAtMs(nowMs) > nowMs) return [];
    const taken = this.#foremost(this.#idle());
    for (const task of taken) {
      task.leftAtMs = nowMs;
      task.hintedAtMs = undefined;
    }
    this.#nextAtMs = undefined;
    return taken.map(({ id }) => id);
  }

  /** It still runs, or the poll has brought nothing about it: that is not learnt from. */
  answered(id: string, nowMs: number, what: 'running' | 'failed-poll'): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    if (what === 'running') task.seenAtMs = task.leftAtMs ?? nowMs;
    task.heardAtMs = nowMs;
    task.leftAtMs = undefined;
    this.#nextAtMs = undefined;
  }

  /** It has ended, by a poll or by somebody else's word; after `durationMs`, if the server says so. */
  ended(id: string, nowMs: number, durationMs?: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    this.forgotten(id);
    const { startedAtMs, seenAtMs, leftAtMs = nowMs } = task;
    this.#isGuessing = durationMs === undefined;
    const isKnown = !this.#isGuessing || leftAtMs - seenAtMs <= widestGuess * this.#intervalMs;
    if (!isKnown) return;
    const lastedMs = durationMs ?? (seenAtMs + leftAtMs) / 2 - startedAtMs;
    this.#durations.add(lastedMs);
    if (task.leftAtMs === undefined || !this.#isLearnt) return;
    // The server looked about half way through the flight.
    this.#worth.noticed((leftAtMs + nowMs) / 2 - Math.max(seenAtMs, startedAtMs + lastedMs));
  }

  /** Somebody says that it has changed: it is due as soon as may be. */
  hint(id: string, nowMs: number): void {
    const task = this.#tasks.get(id);
    if (task === undefined) return;
    task.hintedAtMs ??= nowMs;
    this.#nextAtMs = undefined;
  }

  /** Nobody wants to know any more. */
  forgotten(id: string): void {
    if (this.#tasks.delete(id)) this.#nextAtMs = undefined;
  }

  get #isLearnt(): boolean {
    return this.#durations.count >= enough;
  }

  #idle(): readonly Running[] {
    return [...this.#tasks.values()].filter(({ leftAtMs }) => leftAtMs === undefined);
  }

  #decide(nowMs: number): number {
    const idle = this.#idle();
    const untilMs = idle.reduce((soonestMs, task) => Math.min(soonestMs, this.#dueAtMs(task)), Infinity);
    if (!this.#isLearnt || untilMs <= nowMs || untilMs === Infinity) return untilMs;
    return this.#bestAtMs(this.#foremost(idle), untilMs);
  }

  #bestAtMs(asked: readonly Running[], untilMs: number): number {
    const tasks = asked.map((task) => ({ ...task, notBeforeMs: this.#notBeforeMs(task) }));
    const fromMs = tasks.reduce((soonestMs, { notBeforeMs }) => Math.min(soonestMs, notBeforeMs), untilMs);
    const costMs = this.#worth.ofMs(tasks.length, this.#durations.meanMs);
    return pollInstant({ tasks, durations: this.#durations, costMs, fromMs, untilMs });
  }

  #notBeforeMs({ heardAtMs }: Running): number {
    return heardAtMs + this.#minMs;
  }

  /** When it must be asked for, whatever is likely. */
  #dueAtMs(task: Running): number {
    const dueAtMs = task.heardAtMs + this.#longestMs;
    const { hintedAtMs } = task;
    return hintedAtMs === undefined ? dueAtMs : Math.min(dueAtMs, Math.max(hintedAtMs, this.#notBeforeMs(task)));
  }

  get #longestMs(): number {
    if (!this.#isLearnt) return this.#intervalMs;
    return this.#isGuessing ? Math.min(this.#maxMs, guessingIntervals * this.#intervalMs) : this.#maxMs;
  }

  /** As many as one poll can ask for: those whose time comes first. */
  #foremost(tasks: readonly Running[]): readonly Running[] {
    if (tasks.length <= this.#batch) return tasks;
    const timed = tasks.map((task) => ({ task, timeAtMs: this.#timeAtMs(task) }));
    timed.sort((one, other) => one.timeAtMs - other.timeAtMs);
    return timed.slice(0, this.#batch).map(({ task }) => task);
  }

  /** When it may be asked for and has ended with a chance that is worth a look; when it is due, if that is sooner. */
  #timeAtMs(task: Running): number {
    const dueAtMs = this.#dueAtMs(task);
    if (!this.#isLearnt) return dueAtMs;
    const running = this.#durations.shareAt(Math.max(0, task.seenAtMs - task.startedAtMs));
    const endedAtMs = task.startedAtMs + this.#durations.ageWhenEnded(1 - running * (1 - worthALook));
    return Math.min(dueAtMs, Math.max(this.#notBeforeMs(task), endedAtMs));
  }
}
