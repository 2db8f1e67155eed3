import type { RemoteTask } from '../../tasks/taskApi.js';
import { KlingError } from '../errors.js';
import { newTask } from '../standards/newTask.js';
import type { TaskShape } from '../standards/reading.js';
import { v1Task } from '../standards/v1Task.js';

export interface CallbackTask {
  readonly task: RemoteTask;
  /** False for a success that does not bring what was made: asking for the task will. */
  readonly isWhole: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const context = { call: 'read' } as const;

/** Stands for a result that is not there, so that all else of a task can be read. */
const noResult = { task_result: { videos: [{ url: '-' }], images: [{ url: '-' }] }, outputs: [{ url: '-' }] };

/**
 * Reads the bare task object of a callback, of either standard. Which product it belongs to it does not say: that of
 * `ref` is ''.
 *
 * @throws KlingError `unknown-shape`, `unknown-status`
 */
export function readCallbackTask(body: Uint8Array): CallbackTask {
  const fields = fieldsIn(body);
  const shape = 'task_status' in fields ? v1Task : newTask;
  try {
    return { task: readTask(shape, fields), isWhole: true };
  } catch {
    // Where it is not for the lack of a result, this throws the same again.
    return { task: { ...readTask(shape, { ...fields, ...noResult }), outputs: [] }, isWhole: false };
  }
}

function readTask(shape: TaskShape, fields: Fields): RemoteTask {
  const { ref, ...task } = shape.read(fields, hasImages(fields) ? 'images' : 'text2video', context);
  return { ref: { product: '', id: ref.id }, ...task };
}

function hasImages({ task_result: result }: Fields): boolean {
  const images: unknown = typeof result === 'object' && result !== null ? Reflect.get(result, 'images') : undefined;
  return Array.isArray(images) && images.length > 0;
}

function fieldsIn(body: Uint8Array): Fields {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // Neither is JSON of another kind a task.
  }
  throw new KlingError('the body is no JSON object', { ...context, kind: 'unknown-shape' });
}
