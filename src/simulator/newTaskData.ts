import { changedAtMs, costAt, statusAt, type Task, type TaskStatus } from './life.js';
import { filesOf, type ResultFile, type World } from './results.js';
import { failedMessage } from './v1TaskData.js';

/** The new API spells success otherwise. */
const statusNames: Readonly<Record<TaskStatus, string>> = {
  submitted: 'submitted',
  processing: 'processing',
  succeed: 'succeeded',
  failed: 'failed',
};

/** What a create answers on the new API. Instants are whole milliseconds since 1970. */
export function newCreatedData(task: Task, nowMs: number, { epochAtMs }: World): object {
  const { externalId } = task.order;
  return {
    id: task.id,
    status: statusNames[statusAt(task, nowMs)],
    create_time: Math.floor(epochAtMs + task.createdAtMs),
    update_time: Math.floor(epochAtMs + changedAtMs(task, nowMs)),
    ...(externalId !== undefined && { external_id: externalId }),
  };
}

/** What `GET /tasks` answers for each task, of either API. How an entry of `billing` looks is documented nowhere. */
export function newTaskData(task: Task, nowMs: number, world: World): object {
  const data = newCreatedData(task, nowMs, world);
  const status = statusAt(task, nowMs);
  if (status === 'failed') return { ...data, message: failedMessage, outputs: [], billing: [] };
  if (status !== 'succeed') return { ...data, message: '', outputs: [], billing: [] };
  const files = filesOf(task, world);
  const billing = [{ type: files[0]?.type, amount: String(costAt(task, nowMs)) }];
  return { ...data, message: '', outputs: files.map(outputOf), billing };
}

function outputOf({ type, id, url, seconds }: ResultFile): object {
  return { type, id, url, ...(type === 'video' && { duration: String(seconds) }) };
}
