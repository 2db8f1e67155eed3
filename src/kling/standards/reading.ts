import * as z from 'zod';
import { describeIssue, nonEmpty } from '../../options.js';
import type { RemoteTask } from '../../tasks/taskApi.js';
import { oneLine } from '../answer.js';
import { KlingError, type AnswerContext } from '../errors.js';
import type { KlingProduct } from '../klingRequest.js';

/** How a standard describes a task. */
export interface TaskShape {
  /** What a row says that it is about, whatever else it holds. */
  namesOf(row: unknown): TaskNames;
  /** @throws KlingError `unknown-shape`, `unknown-status` */
  read(row: unknown, product: KlingProduct, context: AnswerContext): RemoteTask;
}

export interface TaskNames {
  readonly id?: string | undefined;
  readonly externalId?: string | undefined;
}

/** A number may stand for an id as long as it has lost no digits. */
export const taskId = z.union([nonEmpty, z.int()]).transform(String);

/** Our own name of a task, where it has one. */
export const externalName = z.optional(nonEmpty).catch(undefined);

const latestInstantMs = 8.64e15;

/** Reads what has to be there. @throws KlingError `unknown-shape` */
export function read<S extends z.ZodType>(schema: S, data: unknown, context: AnswerContext): z.output<S> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unknownShape(issue === undefined ? 'not what is due here' : describeIssue(issue), context);
}

export function unknownShape(wrong: string, context: AnswerContext): KlingError {
  const message = `the answer says success, but not what is due here (${wrong}): check baseUrl, or this version of sluice`;
  return new KlingError(message, { ...context, kind: 'unknown-shape' });
}

/** Some answers wrap the one task in an array. */
export function theOnly(data: unknown): unknown {
  return Array.isArray(data) && data.length === 1 ? data[0] : data;
}

/** The task that was sent under an external id, which its answer need not repeat. @throws KlingError for another task */
export function sentAs(externalId: string, task: RemoteTask, context: AnswerContext): RemoteTask {
  if (task.externalId === undefined || task.externalId === externalId) return task;
  throw unknownShape('it is about another task', context);
}

/** The rows of a list; null is an empty one. @throws KlingError `unknown-shape` */
export function rowsOf(data: unknown, context: AnswerContext): readonly unknown[] {
  return read(z.array(z.unknown()).nullable(), data, context) ?? [];
}

/** Either standard has been seen to spell success as the other does. */
const statuses: ReadonlyMap<string, RemoteTask['status']> = new Map([
  ['submitted', 'running'],
  ['processing', 'running'],
  ['succeed', 'succeeded'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
]);

/** @throws KlingError `unknown-status`: never taken for "still running" */
export function statusOf(name: string, id: string, context: AnswerContext): RemoteTask['status'] {
  const status = statuses.get(name);
  if (status !== undefined) return status;
  const message = `task ${oneLine(id)} has the status "${oneLine(name)}", which this version of sluice does not know`;
  throw new KlingError(message, { ...context, kind: 'unknown-status' });
}

/** "5.041" or 5.041; undefined for anything else, an empty string included. */
export function decimal(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d+(\.\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** A wall time in ms, as a number or its digits; undefined for what no calendar has. */
export function instantMs(value: unknown): number | undefined {
  const number = decimal(value);
  return number !== undefined && number <= latestInstantMs ? number : undefined;
}

/** Seconds in a field, in ms; undefined for more than a number of ms holds exactly. */
export function milliseconds(seconds: unknown): number | undefined {
  const ms = Math.round((decimal(seconds) ?? NaN) * 1_000);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** What a task says beside its state and its result. */
export interface Particulars {
  readonly message?: string | undefined;
  readonly credits?: number | undefined;
  readonly externalId?: string | undefined;
  readonly createdAtMs?: number | undefined;
  readonly updatedAtMs?: number | undefined;
}

/** Those that are said: a failed task has a message, and only one that has ended has a price. */
export function particularsOf(
  status: RemoteTask['status'],
  given: Particulars,
): Omit<RemoteTask, 'ref' | 'status' | 'outputs'> {
  const { message, credits, externalId, createdAtMs, updatedAtMs } = given;
  return {
    ...(status === 'failed' && message && { message: oneLine(message) }),
    ...(status !== 'running' && credits !== undefined && { credits }),
    ...(externalId !== undefined && { externalId }),
    ...(createdAtMs !== undefined && { createdAtMs }),
    ...(updatedAtMs !== undefined && { updatedAtMs }),
  };
}
