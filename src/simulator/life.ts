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
  /** What was reserved for it, in credits. */
  readonly credits: number;
  /** What is deducted in the end, in credits, unless it fails: a failed task costs nothing. */
  readonly deduction: number;
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
  readonly deduction: number;
  /** It ends without a result, whatever its prompt says. */
  readonly failing: boolean;
}

/** Draws the life of a task that is created at `nowMs`. */
export function beginTask(beginning: Beginning, taskMs: TaskMs, nowMs: number, random: Random): Task {
  const { id, order, credits, deduction, failing } = beginning;
  const lastsMs = drawMs(taskMs, random);
  return {
    id,
    order,
    credits,
    deduction,
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

/** Each instant at which `statusAt` changes, its creation first, in order; what lasts no time is never seen. */
export function changesOf({ createdAtMs, startsAtMs, endsAtMs }: Task): readonly number[] {
  return [...new Set([createdAtMs, startsAtMs, endsAtMs])];
}

/** What a task costs as of `nowMs`, in credits: its price until it has ended, then what was deducted. */
export function costAt(task: Task, nowMs: number): number {
  if (nowMs < task.endsAtMs) return task.credits;
  return task.fails ? 0 : task.deduction;
}
