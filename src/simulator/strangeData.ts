import { oneOf, type Random } from './seededRandom.js';

/** A status that no documentation knows. */
const unknownStatus = 'suspended';

/**
 * `data` of a query or a list as no documentation has it: one task with an unknown status, or another shape altogether.
 * Never null and never an empty list, which would say that there are no such tasks.
 */
export function strangeData(data: unknown, random: Random): unknown {
  return oneOf([() => withUnknownStatus(data), () => 'OK', () => ({}), () => [[data]]], random)();
}

function withUnknownStatus(data: unknown): unknown {
  if (!Array.isArray(data)) return changed(data);
  const [first, ...others] = data as readonly unknown[];
  return first === undefined ? 'OK' : [changed(first), ...others];
}

function changed(task: unknown): unknown {
  if (typeof task !== 'object' || task === null) return task;
  return { ...task, [Object.hasOwn(task, 'status') ? 'status' : 'task_status']: unknownStatus };
}
