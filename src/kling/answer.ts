import { z } from 'zod';
import { describeIssue } from '../options.js';
import type { RemoteTask, TaskOutput } from '../tasks/taskApi.js';
import { KlingError, type AnswerContext } from './errors.js';
import type { KlingProduct } from './klingRequest.js';

/** What every answer of Kling's is wrapped in. */
export interface Envelope {
  /** 0 is success, whatever the HTTP status. */
  readonly code: number;
  readonly message: string;
  readonly requestId: string | undefined;
  readonly data: unknown;
}

const lenientText = z.string().nullish().catch(undefined);

const envelope = z.object({
  code: z.int(),
  message: lenientText,
  request_id: lenientText,
  data: z.unknown().optional(),
});

const task = z.object({
  task_id: z.string().min(1),
  task_status: z.string(),
  task_status_msg: lenientText,
  task_info: z.object({ external_task_id: lenientText }).nullish().catch(undefined),
  task_result: z.unknown().optional(),
  final_unit_deduction: z.unknown().optional(),
});
export type TaskAnswer = z.output<typeof task>;

const file = z.object({ url: z.string().min(1), duration: z.unknown().optional() });
const videoResult = z.object({ videos: z.array(file).min(1) });
const imageResult = z.object({ images: z.array(file).min(1) });

/** Both spellings of success are in use. */
const statuses: ReadonlyMap<string, RemoteTask['status']> = new Map([
  ['submitted', 'running'],
  ['processing', 'running'],
  ['succeed', 'succeeded'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
]);

const maxMessageLength = 300;

/** Reads a body; undefined: it is not Kling's. `redact` sees every string before anybody else does. */
export function readEnvelope(text: string, redact: (text: string) => string): Envelope | undefined {
  const parsed = envelope.safeParse(parseJson(text, redact));
  if (!parsed.success) return undefined;
  const { code, message, request_id: requestId, data } = parsed.data;
  return { code, message: oneLine(message), requestId: requestId ? oneLine(requestId) : undefined, data };
}

/** Reads the data of a single task. @throws KlingError `unknown-shape` */
export function readTask(data: unknown, context: AnswerContext): TaskAnswer {
  // Some answers wrap the one task in an array.
  return read(task, Array.isArray(data) && data.length === 1 ? data[0] : data, context);
}

/** Reads the data of a list; null is an empty one. @throws KlingError `unknown-shape` */
export function readTasks(data: unknown, context: AnswerContext): readonly TaskAnswer[] {
  return read(z.array(task).nullable(), data, context) ?? [];
}

/** @throws KlingError `unknown-status`, and `unknown-shape` for a task that succeeded without a result. */
export function toRemoteTask(answer: TaskAnswer, product: KlingProduct, context: AnswerContext): RemoteTask {
  const status = statuses.get(answer.task_status);
  if (status === undefined) {
    const name = oneLine(answer.task_status);
    const message = `task ${oneLine(answer.task_id)} has the status "${name}", which this version of sluice does not know`;
    throw new KlingError(message, { ...context, kind: 'unknown-status' });
  }
  const credits = decimal(answer.final_unit_deduction);
  return {
    ref: { product, id: answer.task_id },
    status,
    outputs: status === 'succeeded' ? outputsOf(answer.task_result, product, context) : [],
    ...(status === 'failed' && answer.task_status_msg && { message: oneLine(answer.task_status_msg) }),
    ...(credits !== undefined && { credits }),
  };
}

function outputsOf(result: unknown, product: KlingProduct, context: AnswerContext): readonly TaskOutput[] {
  if (product === 'images') {
    return read(imageResult, result, context).images.map(({ url }) => ({ type: 'image', url }));
  }
  return read(videoResult, result, context).videos.map(({ url, duration }) => {
    const seconds = decimal(duration);
    return { type: 'video', url, ...(seconds !== undefined && { durationMs: Math.round(seconds * 1_000) }) };
  });
}

function read<S extends z.ZodType>(schema: S, data: unknown, context: AnswerContext): z.output<S> {
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const wrong = issue === undefined ? '' : ` (${describeIssue(issue)})`;
  const message = `the answer says success, but not what is due here${wrong}: check baseUrl, or this version of sluice`;
  throw new KlingError(message, { ...context, kind: 'unknown-shape' });
}

function parseJson(text: string, redact: (text: string) => string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => (typeof value === 'string' ? redact(value) : value));
  } catch {
    return undefined;
  }
}

/** "5.041" or 5.041; undefined for anything else, an empty string included. */
function decimal(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d+(\.\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** A server's words, fit for a message: no line breaks or terminal codes, and an end. */
function oneLine(text: string | null | undefined): string {
  return (text ?? '')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, maxMessageLength);
}
