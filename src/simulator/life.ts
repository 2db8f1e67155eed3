import { failMarker, type Order } from './orders.js';
import { between, type Random } from './seededRandom.js';

/** How long tasks take, from creation to end. */
export interface TaskMs {
  readonly min: number;
  readonly max: number;
  /** The longest of the slow ones, in ms. @defaultValue max */
  readonly tailMs?: number | undefined;
  /** The share of slow ones, 0 to 1; they take between `max` and `tailMs`. @defaultValue 0 */
  readonly tailShare?: number | undefined;
}

/** A task and all of its life, drawn when it is created; what it looks like at an instant follows. */
export interface Task {
  readonly id: string;
  readonly order: Order;
  readonly credits: number;
  readonly createdAtMs: number;
  /** Submitted before, processing from here on. */
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly fails: boolean;
}

export type TaskStatus = 'submitted' | 'processing' | 'succeed' | 'failed';

/** The part of its life for which a task is only submitted. */
const submittedShare = 0.1;

export interface Beginning {
  readonly id: string;
  readonly order: Order;
  readonly credits: number;
  /** It ends without a result, whatever its prompt says. */
  readonly failing: boolean;
}

/** Draws the life of a task that is created at `nowMs`. */
export function beginTask(beginning: Beginning, taskMs: TaskMs, nowMs: number, random: Random): Task {
  const { id, order, credits, failing } = beginning;
  const lastsMs = drawMs(taskMs, random);
  return {
    id,
    order,
    credits,
    createdAtMs: nowMs,
    startsAtMs: nowMs + lastsMs * submittedShare,
    endsAtMs: nowMs + lastsMs,
    fails: failing || order.prompt.includes(failMarker),
  };
}

function drawMs({ min, max, tailMs = max, tailShare = 0 }: TaskMs, random: Random): number {
  return random() < tailShare ? between(max, tailMs, random) : between(min, max, random);
}

/** What a task is at `nowMs`; at the very instant of its end it has ended. */
export function statusAt(task: Task, nowMs: number): TaskStatus {
  if (nowMs < task.startsAtMs) return 'submitted';
  if (nowMs < task.endsAtMs) return 'processing';
  return task.fails ? 'failed' : 'succeed';
}

/** When `statusAt` last changed. */
export function changedAtMs(task: Task, nowMs: number): number {
  if (nowMs < task.startsAtMs) return task.createdAtMs;
  return nowMs < task.endsAtMs ? task.startsAtMs : task.endsAtMs;
}
