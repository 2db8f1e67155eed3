import { changedAtMs, statusAt, type Task } from './life.js';

export interface World {
  /** The wall time at 0 ms of the model's clock. */
  readonly epochAtMs: number;
  /** Where result files are said to be. */
  readonly filesUrl: string;
}

/** What a create answers. Instants are whole milliseconds since 1970. */
export function createdData(task: Task, nowMs: number, { epochAtMs }: World): object {
  const { externalId } = task.order;
  return {
    task_id: task.id,
    task_status: statusAt(task, nowMs),
    task_info: externalId === undefined ? {} : { external_task_id: externalId },
    created_at: Math.floor(epochAtMs + task.createdAtMs),
    updated_at: Math.floor(epochAtMs + changedAtMs(task, nowMs)),
  };
}

/** What a query answers: the same, and what became of the task. */
export function taskData(task: Task, nowMs: number, world: World): object {
  const data = createdData(task, nowMs, world);
  const status = statusAt(task, nowMs);
  if (status === 'failed') return { ...data, task_status_msg: 'The task failed' };
  if (status !== 'succeed') return { ...data, task_status_msg: '' };
  const { credits } = task;
  return { ...data, task_status_msg: '', task_result: resultOf(task, world), final_unit_deduction: String(credits) };
}

function resultOf({ id, order }: Task, { filesUrl }: World): object {
  if (order.images === 0) {
    return { videos: [{ id: `v${id}`, url: `${filesUrl}/files/${id}.mp4`, duration: String(order.seconds) }] };
  }
  const images = Array.from({ length: order.images }, (_, index) => ({
    index,
    url: `${filesUrl}/files/${id}-${index}.png`,
  }));
  return { images };
}
