import type { GenerateEvent, GenerateResult, RemoteTask } from '../../operators/index.js';
import type { KlingRequest } from '../../src/kling/index.js';

type Told = GenerateEvent extends infer E
  ? E extends GenerateEvent
    ? Omit<E, 'index' | 'id' | 'atMs'> & Partial<Pick<E, 'index' | 'id' | 'atMs'>>
    : never
  : never;

/** An event of the first prompt. */
export function eventOf(event: Told): GenerateEvent {
  return { index: 0, id: 'ours-1', atMs: 1_000, ...event };
}

export const remote: RemoteTask = { ref: { product: 'text2video', id: 'theirs-1' }, status: 'running', outputs: [] };

/** A result of the first prompt. */
export function resultOf(
  result: Partial<GenerateResult<KlingRequest>> & Pick<GenerateResult<KlingRequest>, 'status'>,
): GenerateResult<KlingRequest> {
  return {
    index: 0,
    id: 'ours-1',
    prompt: { product: 'text2video', prompt: 'a cat' },
    taskId: 'theirs-1',
    outputs: [],
    attempts: 1,
    credits: 10,
    submittedAtMs: 1_000,
    endedAtMs: 44_000,
    isFinal: true,
    ...result,
  };
}
