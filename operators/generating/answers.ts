import type { CallOptions, RemoteTask, TaskApi, TaskOutput } from '../../src/tasks/taskApi.js';

/** What came is not what is to come; an API of somebody else's may answer with anything, and the task is paid for. */
export class StrangeAnswer extends TypeError {}

/** As the API's `submit`, whatever it throws or gives back. @throws (rejects with) StrangeAnswer */
export async function submitted<Request>(
  api: TaskApi<Request>,
  request: Request,
  externalId: string,
  call: CallOptions,
): Promise<RemoteTask> {
  const answer: unknown = await api.submit(request, externalId, call);
  if (!isTask(answer)) throw new StrangeAnswer('submit must answer with a task: { ref, status, outputs }');
  return answer;
}

/** As the API's `lookUp`, whatever it throws or gives back. @throws (rejects with) StrangeAnswer */
export async function lookedUp<Request>(
  api: TaskApi<Request>,
  request: Request,
  externalId: string,
  call: CallOptions,
): Promise<RemoteTask | undefined> {
  const answer: unknown = await api.lookUp(request, externalId, call);
  if (answer === undefined || isTask(answer)) return answer;
  throw new StrangeAnswer('lookUp must answer with a task: { ref, status, outputs }; or undefined: there is none');
}

/** Whether it says how a task is, where that is found again, and of one that has succeeded what it has made. */
export function isTask(answer: unknown): answer is RemoteTask {
  const { ref, status, outputs } = Object(answer) as Partial<RemoteTask>;
  if ((Object(ref) as Partial<RemoteTask['ref']>).id === undefined) return false;
  if (status === 'succeeded') return Array.isArray(outputs) && outputs.every(isOutput);
  return status === 'running' || status === 'failed';
}

function isOutput(output: unknown): boolean {
  const { type, url } = Object(output) as Partial<TaskOutput>;
  return (type === 'video' || type === 'image') && typeof url === 'string';
}
