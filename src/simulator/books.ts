import { dayOf, dayStartAtMs } from './account.js';
import type { FaultName } from './faults.js';
import { statusAt, type Task, type TaskStatus } from './life.js';
import { weightOf, type Product } from './orders.js';
import type { RequestKind } from './routes.js';
import { WindowCount } from './windowCount.js';

/** A task as the books have it; instants are on the model's clock. */
export interface TaskRecord {
  readonly taskId: string;
  readonly externalId: string | undefined;
  readonly product: Product;
  readonly prompt: string;
  readonly credits: number;
  readonly createdAtMs: number;
  readonly endsAtMs: number;
  readonly status: TaskStatus;
}

/**
 * What really happened, to assert on. Nothing in here is read from what admits requests: the windows are counted anew
 * over what passed, and running, ended and spent are worked out from the tasks themselves.
 */
export interface Books {
  /** How many tasks were created. */
  readonly created: number;
  /** Each of them, in the order of creation. */
  readonly tasks: readonly TaskRecord[];
  readonly ended: { readonly succeeded: number; readonly failed: number };
  /** Slots in use now. */
  readonly running: number;
  /** The greatest number of slots in use at any instant. */
  readonly greatestRunning: number;
  /** Requests that arrived, refused ones too. */
  readonly requests: Readonly<Record<RequestKind | 'total', number>>;
  /** The greatest number of requests of one key that passed the rate limit within any half-open window of the interval. */
  readonly greatestWindow: number;
  /** The same over all that arrived, refused ones too. */
  readonly greatestArrivals: number;
  /** Refusals by code, those that a fault made up too, whether or not they reached anybody. */
  readonly refused: Readonly<Record<string, number>>;
  /** Creates refused because their external id existed: a part of `refused[1201]`. */
  readonly duplicatesRefused: number;
  /** Credits of the tasks that have not failed, altogether and by the UTC day of their creation. */
  readonly credits: {
    readonly spent: number;
    readonly byDay: readonly { readonly startsAtMs: number; readonly spent: number }[];
  };
  /** How many times each fault struck. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
}

/** Keeps the books: told of each event as it happens, never asked for a decision. */
export class Bookkeeper {
  readonly #intervalMs: number;
  readonly #epochAtMs: number;
  readonly #requests = { total: 0, create: 0, query: 0, list: 0, costs: 0, unknown: 0 };
  readonly #arrivals = new Map<string, WindowCount>();
  readonly #passed = new Map<string, WindowCount>();
  readonly #refused: Record<string, number> = {};
  readonly #faults: Partial<Record<FaultName, number>> = {};
  #duplicatesRefused = 0;

  constructor(intervalMs: number, epochAtMs: number) {
    this.#intervalMs = intervalMs;
    this.#epochAtMs = epochAtMs;
  }

  arrived(kind: RequestKind, keyId: string, nowMs: number): void {
    this.#requests.total += 1;
    this.#requests[kind] += 1;
    this.#count(this.#arrivals, keyId, nowMs);
  }

  passed(keyId: string, nowMs: number): void {
    this.#count(this.#passed, keyId, nowMs);
  }

  refused(code: number): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
  }

  refusedDuplicate(): void {
    this.#duplicatesRefused += 1;
  }

  struck(fault: FaultName): void {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
  }

  /** The books as of `nowMs`, worked out over all tasks: a copy, which later events leave alone. */
  close(tasks: readonly Task[], nowMs: number): Books {
    return {
      created: tasks.length,
      tasks: tasks.map((task) => recordOf(task, nowMs)),
      ended: {
        succeeded: tasks.filter((task) => statusAt(task, nowMs) === 'succeed').length,
        failed: tasks.filter((task) => statusAt(task, nowMs) === 'failed').length,
      },
      ...slotsUsed(tasks, nowMs),
      requests: { ...this.#requests },
      greatestWindow: greatestOf(this.#passed),
      greatestArrivals: greatestOf(this.#arrivals),
      refused: { ...this.#refused },
      duplicatesRefused: this.#duplicatesRefused,
      credits: this.#creditsSpent(tasks, nowMs),
      faults: { ...this.#faults },
    };
  }

  #count(counts: Map<string, WindowCount>, keyId: string, nowMs: number): void {
    let count = counts.get(keyId);
    if (count === undefined) {
      count = new WindowCount(this.#intervalMs);
      counts.set(keyId, count);
    }
    count.add(nowMs);
  }

  #creditsSpent(tasks: readonly Task[], nowMs: number): Books['credits'] {
    const days = new Map<number, number>();
    for (const task of tasks) {
      if (statusAt(task, nowMs) === 'failed') continue;
      const day = dayOf(this.#epochAtMs + task.createdAtMs);
      days.set(day, (days.get(day) ?? 0) + task.credits);
    }
    const byDay = [...days].map(([day, spent]) => ({ startsAtMs: dayStartAtMs(day), spent }));
    return { spent: byDay.reduce((sum, { spent }) => sum + spent, 0), byDay };
  }
}

function greatestOf(counts: ReadonlyMap<string, WindowCount>): number {
  return Math.max(0, ...[...counts.values()].map((count) => count.greatest));
}

function recordOf(task: Task, nowMs: number): TaskRecord {
  const { id, order, credits, createdAtMs, endsAtMs } = task;
  const { externalId, product, prompt } = order;
  return { taskId: id, externalId, product, prompt, credits, createdAtMs, endsAtMs, status: statusAt(task, nowMs) };
}

/** Sweeps over creations and ends in the order of time; at one instant the ends come first. */
function slotsUsed(tasks: readonly Task[], nowMs: number): { running: number; greatestRunning: number } {
  const ends = tasks.toSorted((one, other) => one.endsAtMs - other.endsAtMs).values();
  let ending = ends.next();
  let running = 0;
  let greatestRunning = 0;
  const endUntil = (atMs: number): void => {
    for (; ending.done !== true && ending.value.endsAtMs <= atMs; ending = ends.next()) {
      running -= weightOf(ending.value.order);
    }
  };
  for (const task of tasks) {
    endUntil(task.createdAtMs);
    running += weightOf(task.order);
    greatestRunning = Math.max(greatestRunning, running);
  }
  endUntil(nowMs);
  return { running, greatestRunning };
}
