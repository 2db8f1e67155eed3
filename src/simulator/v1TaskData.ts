import { changedAtMs, costAt, statusAt, type Task } from './life.js';
import { filesOf, type World } from './results.js';

/** What a create answers on `/v1`. Instants are whole milliseconds since 1970. */
export function v1CreatedData(task: Task, nowMs: number, { epochAtMs }: World): object {
  const { externalId } = task.order;
  return {
    task_id: task.id,
    task_status: statusAt(task, nowMs),
    task_info: externalId === undefined ? {} : { external_task_id: externalId },
    created_at: Math.floor(epochAtMs + task.createdAtMs),
    updated_at: Math.floor(epochAtMs + changedAtMs(task, nowMs)),
  };
}

/** What a query answers on `/v1`: the same, and what became of the task. */
export function v1TaskData(task: Task, nowMs: number, world: World): object {
  const data = v1CreatedData(task, nowMs, world);
  const status = statusAt(task, nowMs);
  if (status === 'failed') return { ...data, task_status_msg: failedMessage };
  if (status !== 'succeed') return { ...data, task_status_msg: '' };
  const cost = String(costAt(task, nowMs));
  return { ...data, task_status_msg: '', task_result: resultOf(task, world), final_unit_deduction: cost };
}

/** Why a task failed, as far as Kling says. */
export const failedMessage = 'The task failed';

function resultOf(task: Task, world: World): object {
  const files = filesOf(task, world);
  if (task.order.images > 0) return { images: files.map(({ url }, index) => ({ index, url })) };
  return { videos: files.map(({ id, url, seconds }) => ({ id, url, duration: String(seconds) })) };
}
