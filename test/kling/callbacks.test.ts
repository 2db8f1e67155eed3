import { describe, expect, it, onTestFinished } from 'vitest';
import { receiveCallbacks } from '../../src/kling/callbacks/receiveCallbacks.js';
import { Updates } from '../../src/kling/callbacks/updates.js';
import {
  callbackBench,
  newRunning,
  newSucceeded,
  post,
  signedHeaders,
  v1Succeeded,
  vector,
  type CallbackBench,
} from './callbackBench.js';

const succeeded = {
  ref: { product: '', id: 't-1' },
  status: 'succeeded',
  outputs: [{ type: 'video', url: 'https://example.org/v.mp4', durationMs: 5_041 }],
  externalId: 'e-1',
  createdAtMs: 1_000,
  updatedAtMs: 2_000,
};

describe('the body of a callback', () => {
  it.each([
    ['the new shape', newSucceeded, succeeded],
    ['the shape of /v1', v1Succeeded, { ...succeeded, credits: 3.5 }],
    ['fields that nobody knows', { ...newSucceeded, more: { of: [1] } }, succeeded],
    [
      'images',
      { task_id: 7, task_status: 'succeed', task_result: { images: [{ index: 0, url: 'https://example.org/i.png' }] } },
      {
        ref: { product: '', id: '7' },
        status: 'succeeded',
        outputs: [{ type: 'image', url: 'https://example.org/i.png' }],
      },
    ],
    [
      'a failure',
      { task_id: 't-1', task_status: 'failed', task_status_msg: 'no\ngood' },
      { ref: { product: '', id: 't-1' }, status: 'failed', outputs: [], message: 'no good' },
    ],
    [
      'its first state',
      { id: 't-1', status: 'submitted' },
      { ref: { product: '', id: 't-1' }, status: 'running', outputs: [] },
    ],
  ])('should be read: %s', async (_, body, task) => {
    const bench = callbackBench({ secret: vector.secret });
    await bench.fetch(post(body, signedHeaders(vector.secret, JSON.stringify(body))));
    expect(bench.told).toEqual([{ task, isVerified: true }]);
  });

  it.each([
    ['in /v1', { task_id: 't-1', task_status: 'succeed', final_unit_deduction: '3.5' }, { credits: 3.5 }],
    ['in the new API', { id: 't-1', status: 'succeeded', outputs: [] }, {}],
    ['with one that cannot be read', { id: 't-1', status: 'succeeded', outputs: [{ type: 'video' }] }, {}],
  ])('should be a mere hint without its result, %s', async (_, body, more) => {
    const bench = callbackBench({ secret: vector.secret });
    await bench.fetch(post(body, signedHeaders(vector.secret, JSON.stringify(body))));
    const task = { ref: { product: '', id: 't-1' }, status: 'succeeded', outputs: [], ...more };
    expect(bench.told).toEqual([{ task, isVerified: false }]);
  });

  it.each([
    ['an unknown status', { ...newSucceeded, status: 'archived' }],
    ['an unknown status of /v1', { ...v1Succeeded, task_status: 'archived' }],
    ['a status that is no text', { ...newSucceeded, status: 99 }],
    ['no status', { id: 't-1' }],
    ['no id', { status: 'succeeded', outputs: newSucceeded.outputs }],
    ['an endless id', { ...newSucceeded, id: 'x'.repeat(257) }],
    ['a wrapped task', { code: 0, data: newSucceeded }],
    ['a list', [newSucceeded]],
    ['a text', '"text"'],
    ['null', 'null'],
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['half a JSON', JSON.stringify(newSucceeded).slice(0, -1)],
  ])('should be refused, and nobody told: %s', async (_, body) => {
    const bench = callbackBench();
    const answer = await bench.fetch(post(body));
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({ error: 'no task of a known shape and status' });
    expect(bench.told).toEqual([]);
  });

  it('should be refused where it is no UTF-8', async () => {
    const bench = callbackBench();
    const body = Buffer.from(JSON.stringify({ ...newSucceeded, id: 'caf\u00e9' }), 'latin1');
    expect((await bench.fetch(new Request('http://localhost', { method: 'POST', body }))).status).toBe(400);
  });
});

describe('what listeners are told', () => {
  const statuses = (bench: CallbackBench): string[] => bench.told.map(({ task }) => task.status);
  const running = (id: string) => ({ ...newRunning, id });
  const ended = (id: string) => ({ ...newSucceeded, id });

  it('should be each stage of a task once', async () => {
    const bench = callbackBench();
    for (const body of [running('a'), running('a'), ended('a'), ended('a')]) {
      expect((await bench.fetch(post(body))).status).toBe(200);
    }
    expect(statuses(bench)).toEqual(['running', 'succeeded']);
  });

  it('should be nothing of a task after its end', async () => {
    const bench = callbackBench();
    for (const body of [ended('a'), running('a'), { ...running('a'), status: 'failed' }]) await bench.fetch(post(body));
    expect(statuses(bench)).toEqual(['succeeded']);
  });

  it('should be the end as a whole after a hint of it', async () => {
    const bench = callbackBench();
    const hint = { ...ended('a'), outputs: [] };
    for (const body of [hint, hint, running('a'), ended('a'), hint]) await bench.fetch(post(body));
    expect(bench.told.map(({ task }) => task.outputs.length)).toEqual([0, 1]);
  });

  it('should be of each task for itself', async () => {
    const bench = callbackBench();
    for (const body of [ended('a'), running('b'), ended('b')]) await bench.fetch(post(body));
    expect(statuses(bench)).toEqual(['succeeded', 'running', 'succeeded']);
  });

  it('should be told again only of a task that 10,000 others came after', () => {
    const updates = new Updates();
    const told: string[] = [];
    updates.on(({ task }) => told.push(task.ref.id));
    const tell = (id: string): void => {
      updates.tell({ task: { ref: { product: '', id }, status: 'failed', outputs: [] }, isVerified: true }, 'ended');
    };
    tell('kept');
    tell('forgotten');
    for (let i = 1; i < 9_999; i++) tell(`t-${i}`);
    tell('kept');
    tell('t-9999');
    expect(told).toHaveLength(10_001);
    tell('kept');
    tell('forgotten');
    expect(told.slice(10_001)).toEqual(['forgotten']);
  });

  it('should be what came for nobody, once it comes again', async () => {
    const receiver = receiveCallbacks();
    const heard: string[] = [];
    expect((await receiver.fetch(post(ended('a')))).status).toBe(200);
    receiver.on(({ task }) => heard.push(task.ref.id));
    await receiver.fetch(post(ended('a')));
    expect(heard).toEqual(['a']);
  });

  it('should reach every listener until it is cancelled, each as often as it was added', async () => {
    const bench = callbackBench();
    const heard: string[] = [];
    const listener = () => void heard.push('twice');
    const stop = bench.on(listener);
    bench.on(listener);
    await bench.fetch(post(running('a')));
    stop();
    stop();
    await bench.fetch(post(ended('a')));
    expect(heard).toEqual(['twice', 'twice', 'twice']);
  });

  it('should not reach a listener that another has just cancelled, or added', async () => {
    const bench = callbackBench();
    const heard: string[] = [];
    bench.on(() => {
      stop();
      bench.on(() => heard.push('added'));
    });
    const stop = bench.on(() => heard.push('cancelled'));
    await bench.fetch(post(running('a')));
    expect(heard).toEqual([]);
  });

  it('should reach the others where a listener throws, whose error is thrown apart', async () => {
    const bench = callbackBench();
    const broken = new Error('broken');
    const heard: string[] = [];
    bench.on(() => {
      throw broken;
    });
    bench.on(({ task }) => heard.push(task.ref.id));
    const thrown = uncaught();
    expect((await bench.fetch(post(running('a')))).status).toBe(200);
    expect(heard).toEqual(['a']);
    expect(await thrown).toBe(broken);
  });
});

/** The next error that nobody catches. */
function uncaught(): Promise<unknown> {
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  onTestFinished(() => others.forEach((listener) => process.on('uncaughtException', listener)));
  return new Promise((resolve) => process.once('uncaughtException', resolve));
}
