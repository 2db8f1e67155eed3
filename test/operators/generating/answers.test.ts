import { describe, expect, it } from 'vitest';
import { isTask, lookedUp, StrangeAnswer, submitted } from '../../../operators/generating/answers.js';
import type { TaskApi } from '../../../src/tasks/taskApi.js';

const ref = { product: 'video', id: 't-1' };
const url = 'https://example.org/1';
const video = { type: 'video', url };
const call = { signal: new AbortController().signal };

/** An API that answers all with the same. */
function answering(answer: unknown): TaskApi<object> {
  const answered = (): Promise<never> => Promise.resolve(answer as never);
  const api: Partial<TaskApi<object>> = { submit: answered, lookUp: answered };
  return api as TaskApi<object>;
}

describe('a task', () => {
  it.each([
    [true, { ref, status: 'running' }],
    [true, { ref, status: 'failed' }],
    [true, { ref, status: 'succeeded', outputs: [] }],
    [true, { ref, status: 'succeeded', outputs: [video, { type: 'image', url }] }],
    [false, { ref, status: 'succeeded', outputs: [video, { type: 'audio', url }] }],
    [false, { ref, status: 'succeeded', outputs: [{ type: 'video', url: 7 }] }],
    [false, { ref, status: 'succeeded', outputs: video }],
    [false, { ref, status: 'queued', outputs: [] }],
    [false, { ref: {}, status: 'running' }],
    [false, { status: 'running' }],
    [false, 'running'],
    [false, null],
    [false, undefined],
  ])('is it one: %s, %j', (expected, answer) => {
    expect(isTask(answer)).toBe(expected);
  });

  it('is what a submit and a look-up must answer with, or the call fails', async () => {
    const task = { ref, status: 'running', outputs: [] };
    expect(await submitted(answering(task), {}, 'a', call)).toBe(task);
    expect(await lookedUp(answering(task), {}, 'a', call)).toBe(task);
    const strange = answering({ status: 'running' });
    await expect(submitted(strange, {}, 'a', call)).rejects.toThrow(/^submit must answer with a task/);
    await expect(lookedUp(strange, {}, 'a', call)).rejects.toThrow(/^lookUp must answer with a task/);
    await expect(lookedUp(strange, {}, 'a', call)).rejects.toBeInstanceOf(StrangeAnswer);
  });

  it('need not be there for a look-up, but must be for a submit', async () => {
    const nothing = answering(undefined);
    expect(await lookedUp(nothing, {}, 'a', call)).toBeUndefined();
    await expect(submitted(nothing, {}, 'a', call)).rejects.toBeInstanceOf(StrangeAnswer);
  });
});
