import { dayOf, dayStartAtMs } from './account.js';
import { isLoopback } from './callbacks.js';
import type { FaultName } from './faults.js';
import { changesOf, costAt, statusAt, type Task, type TaskStatus } from './life.js';
import type { ModelSettings } from './modelOptions.js';
import { weightOf, type Product } from './orders.js';
import type { RequestKind } from './routes.js';
import { slotsUsed } from './slotsUsed.js';
import { WindowCount } from './windowCount.js';

/** A task as the books have it; instants are on the model's clock. */
export interface TaskRecord {
  readonly taskId: string;
  readonly externalId: string | undefined;
  readonly product: Product;
  readonly model: string | undefined;
  readonly prompt: string;
  /** How many slots it holds while it runs. */
  readonly weight: number;
  /** What was reserved for it. */
  readonly credits: number;
  /** What is deducted when it ends, unless it fails. */
  readonly deduction: number;
  readonly createdAtMs: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** True: it will end as failed, or has. */
  readonly fails: boolean;
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
  /** Slots in use now by these tasks. */
  readonly running: number;
  /** The greatest number of slots in use at any instant, those of others counted. */
  readonly greatestRunning: number;
  /** Other users of the account. */
  readonly others: {
    /** Slots that they hold now. */
    readonly running: number;
    readonly greatestRunning: number;
    /** Creates refused only because of them: a part of `refused[1303]`. */
    readonly refused: number;
  };
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
  readonly callbacks: {
    /** Changes of a status, until now, of tasks whose `callback_url` may be called. */
    readonly due: number;
    /** The same of tasks whose `callback_url` may not: it is not plain HTTP to this machine. */
    readonly notSent: number;
    /** Callbacks that went out: late ones when they did, copies each. */
    readonly sent: number;
    /** Those of them that were answered with a 2xx. */
    readonly accepted: number;
  };
  /** Requests for result files, which are in none of the other counts. */
  readonly files: {
    readonly requests: number;
    /** Those answered with a part, 206. */
    readonly partial: number;
    /** Those refused: 404, and 416. */
    readonly refused: number;
  };
  /** How many times each fault struck. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
}

/** Keeps the books: told of each event as it happens, never asked for a decision. */
export class Bookkeeper {
  readonly #settings: ModelSettings;
  readonly #requests = { total: 0, create: 0, query: 0, list: 0, costs: 0, unknown: 0 };
  readonly #callbacks = { sent: 0, accepted: 0 };
  readonly #files = { requests: 0, partial: 0, refused: 0 };
  readonly #arrivals = new Map<string, WindowCount>();
  readonly #passed = new Map<string, WindowCount>();
  readonly #refused: Record<string, number> = {};
  readonly #because = { duplicate: 0, others: 0 };
  readonly #faults: Partial<Record<FaultName, number>> = {};

  constructor(settings: ModelSettings) {
    this.#settings = settings;
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

  refusedBecause(reason: 'duplicate' | 'others'): void {
    this.#because[reason] += 1;
  }

  callback(event: 'sent' | 'accepted'): void {
    this.#callbacks[event] += 1;
  }

  file(status: number): void {
    this.#files.requests += 1;
    if (status === 206) this.#files.partial += 1;
    if (status >= 400) this.#files.refused += 1;
  }

  struck(fault: FaultName): void {
    this.#faults[fault] = (this.#faults[fault] ?? 0) + 1;
  }

  /** The books as of `nowMs`, worked out over all tasks: a copy, which later events leave alone. */
  close(tasks: readonly Task[], nowMs: number): Books {
    const { ours, theirs, greatest, greatestTheirs } = slotsUsed(tasks, this.#settings, nowMs);
    return {
      created: tasks.length,
      tasks: tasks.map((task) => recordOf(task, nowMs)),
      ended: {
        succeeded: tasks.filter((task) => statusAt(task, nowMs) === 'succeed').length,
        failed: tasks.filter((task) => statusAt(task, nowMs) === 'failed').length,
      },
      running: ours,
      greatestRunning: greatest,
      others: { running: theirs, greatestRunning: greatestTheirs, refused: this.#because.others },
      requests: { ...this.#requests },
      greatestWindow: greatestOf(this.#passed),
      greatestArrivals: greatestOf(this.#arrivals),
      refused: { ...this.#refused },
      duplicatesRefused: this.#because.duplicate,
      credits: this.#creditsSpent(tasks, nowMs),
      callbacks: { ...callbacksDue(tasks, nowMs), ...this.#callbacks },
      files: { ...this.#files },
      faults: { ...this.#faults },
    };
  }

  #count(counts: Map<string, WindowCount>, keyId: string, nowMs: number): void {
    let count = counts.get(keyId);
    if (count === undefined) {
      count = new WindowCount(this.#settings.intervalMs);
      counts.set(keyId, count);
    }
    count.add(nowMs);
  }

  #creditsSpent(tasks: readonly Task[], nowMs: number): Books['credits'] {
    const days = new Map<number, number>();
    for (const task of tasks) {
      if (statusAt(task, nowMs) === 'failed') continue;
      const day = dayOf(this.#settings.epochAtMs + task.createdAtMs);
      days.set(day, (days.get(day) ?? 0) + costAt(task, nowMs));
    }
    const byDay = [...days].map(([day, spent]) => ({ startsAtMs: dayStartAtMs(day), spent }));
    return { spent: byDay.reduce((sum, { spent }) => sum + spent, 0), byDay };
  }
}

function greatestOf(counts: ReadonlyMap<string, WindowCount>): number {
  return Math.max(0, ...[...counts.values()].map((count) => count.greatest));
}

function callbacksDue(tasks: readonly Task[], nowMs: number): { due: number; notSent: number } {
  const count = { due: 0, notSent: 0 };
  for (const task of tasks) {
    const { callbackUrl } = task.order;
    if (callbackUrl === undefined) continue;
    const changes = changesOf(task).filter((atMs) => atMs <= nowMs).length;
    count[isLoopback(callbackUrl) ? 'due' : 'notSent'] += changes;
  }
  return count;
}

function recordOf(task: Task, nowMs: number): TaskRecord {
  const { id, order, credits, deduction, createdAtMs, startsAtMs, endsAtMs, fails } = task;
  const { externalId, product, model, prompt } = order;
  return {
    taskId: id,
    externalId,
    product,
    model,
    prompt,
    weight: weightOf(order),
    credits,
    deduction,
    createdAtMs,
    startsAtMs,
    endsAtMs,
    fails,
    status: statusAt(task, nowMs),
  };
}
