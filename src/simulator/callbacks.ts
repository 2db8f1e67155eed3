import type { Strikes } from './faults.js';
import { changesOf, statusAt, type Task } from './life.js';
import { newProducts } from './orders.js';
import { newTaskData } from './newTaskData.js';
import type { World } from './results.js';
import { between, type Random } from './seededRandom.js';
import { v1TaskData } from './v1TaskData.js';

/** Word that the status of a task has changed, for whoever ordered it. */
export interface Callback {
  /** The same on every copy. */
  readonly id: string;
  readonly url: string;
  /** When it goes out, on the model's clock: the instant of the change, or later. */
  readonly dueAtMs: number;
  /** The bare task, as the API that it was ordered through shows it, as of the change. */
  readonly body: object;
}

/**
 * The callbacks that a task will bring, in the order in which they go out: one for each of its statuses, from
 * `submitted` on. `drawStrikes` is asked once for each.
 */
export function callbacksOf(task: Task, world: World, drawStrikes: () => Strikes, random: Random): readonly Callback[] {
  const { callbackUrl: url } = task.order;
  if (url === undefined || !isLoopback(url)) return [];
  const lifeMs = task.endsAtMs - task.createdAtMs;
  return changesOf(task)
    .flatMap((atMs) => {
      const strikes = drawStrikes();
      if (strikes('callbackLost')) return [];
      // One to two lives late, and never just one: behind the word of the end, which overtakes it.
      const dueAtMs = strikes('callbackLate') ? atMs + 2 * lifeMs - between(0, lifeMs, random) : atMs;
      const callback = { id: `${task.id}-${statusAt(task, atMs)}`, url, dueAtMs, body: bodyOf(task, atMs, world) };
      if (!strikes('callbackTwice')) return [callback];
      return [callback, { ...callback, dueAtMs: dueAtMs + between(0, lifeMs, random) }];
    })
    .sort((one, other) => one.dueAtMs - other.dueAtMs);
}

function bodyOf(task: Task, atMs: number, world: World): object {
  const isNew = newProducts.some((product) => product === task.order.product);
  return isNew ? newTaskData(task, atMs, world) : v1TaskData(task, atMs, world);
}

/** True for plain HTTP to this machine: nobody else is ever called. */
export function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
