import { seededRandom, type Random } from '../../src/simulator/seededRandom.js';
import type { PollPlan } from '../../src/tasks/pollPlan.js';

/** What decides about polls. */
export type Polls = Pick<PollPlan, 'started' | 'nextAtMs' | 'take' | 'answered' | 'ended'>;

/** How long task number `index` takes, in ms. */
export type Life = (index: number, random: Random) => number;

export interface Run {
  /** Submits and polls. */
  readonly requests: number;
  /** From the end of each task to our knowing of it. */
  readonly delaysMs: readonly number[];
}

export interface DriveOptions {
  readonly life: Life;
  /** How many tasks run at once: the next is submitted as soon as the end of one is known. */
  readonly slots: number;
  readonly tasks: number;
  readonly seed: number;
  /** The server says how long each took. @defaultValue true */
  readonly isDurationTold?: boolean;
}

const submitMs = 500;
const pollMs = 300;

/** Makes all tasks in virtual time; the server acts half way through each request. */
export function drive(polls: Polls, { life, slots, tasks, seed, isDurationTold = true }: DriveOptions): Run {
  const random = seededRandom(seed);
  const agenda: { readonly atMs: number; readonly run: () => void }[] = [];
  const lives = new Map<string, { readonly lastsMs: number; readonly endsAtMs: number }>();
  const delaysMs: number[] = [];
  let nowMs = 0;
  let submitted = 0;
  let requests = 0;

  function submit(): void {
    if (submitted === tasks) return;
    const index = submitted++;
    const id = `task-${index}`;
    const lastsMs = life(index, random);
    lives.set(id, { lastsMs, endsAtMs: nowMs + submitMs / 2 + lastsMs });
    requests++;
    agenda.push({ atMs: nowMs + submitMs, run: () => polls.started(id, nowMs) });
  }

  function poll(): void {
    const asked = polls.take(nowMs);
    if (asked.length === 0) throw new Error('due, yet there is nobody to ask for');
    const lookedAtMs = nowMs + pollMs / 2;
    requests++;
    agenda.push({ atMs: nowMs + pollMs, run: () => asked.forEach((id) => land(id, lookedAtMs)) });
  }

  function land(id: string, lookedAtMs: number): void {
    const { lastsMs, endsAtMs } = lives.get(id)!;
    if (lookedAtMs < endsAtMs) {
      polls.answered(id, nowMs, 'running');
      return;
    }
    delaysMs.push(nowMs - endsAtMs);
    polls.ended(id, nowMs, isDurationTold ? lastsMs : undefined);
    submit();
  }

  // One after the other, or tasks would keep step for ever.
  for (let slot = 0; slot < slots; slot++) agenda.push({ atMs: slot * 1_500, run: submit });
  for (;;) {
    const next = agenda.reduce((first, each) => (each.atMs < first.atMs ? each : first), { atMs: Infinity, run: poll });
    const dueAtMs = polls.nextAtMs(nowMs);
    if (next.atMs === Infinity && dueAtMs === Infinity) return { requests, delaysMs };
    nowMs = Math.max(nowMs, Math.min(dueAtMs, next.atMs));
    if (dueAtMs <= next.atMs) {
      poll();
      continue;
    }
    agenda.splice(agenda.indexOf(next), 1);
    next.run();
  }
}

/** One poll for each task, an interval after its start or the answer to its last. */
export class FixedPolls implements Polls {
  readonly #intervalMs: number;
  readonly #dueAtMs = new Map<string, number>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  started(id: string, atMs: number): void {
    this.#dueAtMs.set(id, atMs + this.#intervalMs);
  }

  nextAtMs(): number {
    return Math.min(...this.#dueAtMs.values());
  }

  take(nowMs: number): readonly string[] {
    const [due] = [...this.#dueAtMs].find(([, dueAtMs]) => dueAtMs <= nowMs) ?? [];
    if (due === undefined) return [];
    this.#dueAtMs.set(due, Infinity);
    return [due];
  }

  answered(id: string, nowMs: number): void {
    this.started(id, nowMs);
  }

  ended(id: string): void {
    this.#dueAtMs.delete(id);
  }
}
