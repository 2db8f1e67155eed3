import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../../src/errors.js';
import type { KlingClient } from '../../../src/kling/clientOver.js';
import { failureOf, klingBench, newSubmitted, newSucceeded, running, submit } from '../klingBench.js';
import { json, ok, refusal, text, type Answer } from '../scriptedServer.js';

const bench = klingBench();

function client(...answers: Answer[]): KlingClient {
  bench.server.answers(...answers);
  return bench.client({ api: 'new' });
}

describe('submit at the new API', () => {
  it('sends the least there is: a prompt, for the model by default, under our id', async () => {
    expect(await submit(client(ok(newSubmitted)))).toEqual(running);
    expect(bench.server.last).toMatchObject({ method: 'POST', url: '/text-to-video/kling-3.0-turbo' });
    expect(bench.server.last.headers.authorization).toBe('Bearer api-key-of-the-test');
    expect(JSON.parse(bench.server.last.body)).toEqual({
      prompt: 'A cat',
      settings: {},
      options: { external_task_id: 'e-1' },
    });
  });

  it('sends all there is, where it belongs', async () => {
    await submit(client(ok(newSubmitted)), {
      prompt: 'A cat',
      model_name: 'kling/4 beta',
      resolution: '4k',
      aspect_ratio: '9:16',
      duration: '12',
      sound: 'on',
      multi_shot: true,
      callback_url: 'https://example.org/hook',
      watermark_info: { enabled: false },
    });
    expect(bench.server.last.url).toBe('/text-to-video/kling%2F4%20beta');
    expect(JSON.parse(bench.server.last.body)).toEqual({
      prompt: 'A cat',
      settings: { resolution: '4k', aspect_ratio: '9:16', duration: 12, audio: true, multi_shot: true },
      options: {
        callback_url: 'https://example.org/hook',
        external_task_id: 'e-1',
        watermark_info: { enabled: false },
      },
    });
  });

  it.each([
    [{ mode: 'std' }, { resolution: '720p' }],
    [{ mode: 'pro' }, { resolution: '1080p' }],
    [{ sound: 'off' }, { audio: false }],
  ])('says %o as %o', async (given, settings) => {
    await submit(client(ok(newSubmitted)), { prompt: 'A cat', ...given });
    expect(JSON.parse(bench.server.last.body)).toHaveProperty('settings', settings);
  });

  it.each([
    [{ image: 'aGVsbG8=' }, [{ type: 'first_frame', url: 'aGVsbG8=' }]],
    [{ image_tail: 'https://example.org/b.png' }, [{ type: 'last_frame', url: 'https://example.org/b.png' }]],
    [
      { prompt: 'p', image: 'aGVsbG8=', image_tail: 'd29ybGQ=' },
      [
        { type: 'prompt', text: 'p' },
        { type: 'first_frame', url: 'aGVsbG8=' },
        { type: 'last_frame', url: 'd29ybGQ=' },
      ],
    ],
  ])('sends the frames of %o as parts', async (given, contents) => {
    await submit(client(ok(newSubmitted)), { product: 'image2video', model_name: 'kling-2.6', duration: 5, ...given });
    expect(bench.server.last.url).toBe('/image-to-video/kling-2.6');
    expect(JSON.parse(bench.server.last.body)).toEqual({
      contents,
      settings: { duration: 5 },
      options: { external_task_id: 'e-1' },
    });
  });

  it('sends nothing that was parsed for the other API and cannot be said here', async () => {
    const other = bench.client().parse({ product: 'images', prompt: 'p' });
    await expect(client().submit(other, 'e-1')).rejects.toThrow("use api: 'v1'");
    expect(bench.server.seen).toEqual([]);
  });

  it.each([
    ['an array of one', ok([newSubmitted]), running],
    ['no name of ours', ok({ ...newSubmitted, external_id: null }), { ...running, externalId: undefined }],
  ])('takes %s for the task', async (_, answer, task) => {
    expect(await submit(client(answer))).toEqual(task);
  });

  it.each([
    ['another task', ok({ ...newSubmitted, external_id: 'e-2' }), 'unknown-shape'],
    ['two tasks', ok([newSubmitted, newSubmitted]), 'unknown-shape'],
    ['a task of the other API', ok({ task_id: 't-1', task_status: 'submitted' }), 'unknown-shape'],
    ['a new status', ok({ ...newSubmitted, status: 'queued' }), 'unknown-status'],
  ])('leaves it open whether there is a task where the answer is about %s', async (_, answer, kind) => {
    const asking = client(answer);
    const error = await failureOf(submit(asking));
    expect(error).toMatchObject({ kind, call: 'submit' });
    expect(asking.classify(error)).toEqual({ meaning: 'ambiguous' });
  });

  it.each([
    [refusal(400, 1201, 'external_task_id e-1 already exists'), 'duplicate'],
    [refusal(404, 1203, 'the model kling-1.0 does not exist'), 'invalid'],
    [refusal(403, 1103, 'no permission for this model'), 'invalid'],
    [refusal(401, 1002, 'a JWT is not taken here'), 'account'],
    [refusal(429, 1303, 'parallel task over resource pack limit'), 'no-slot'],
    [refusal(500, 5000, 'internal'), 'ambiguous'],
  ])('knows a refusal by its code', async (answer, meaning) => {
    const asking = client(answer);
    expect(asking.classify(await failureOf(submit(asking)))).toMatchObject({ meaning });
  });
});

describe('lookUp at the new API', () => {
  function lookUp(answer: Answer) {
    const asking = client(answer);
    return asking.lookUp(asking.parse('A cat'), 'e-1');
  }

  it.each([
    ['the task', [newSubmitted]],
    ['the task, without its array', newSubmitted],
    [
      'the task, among others',
      [{ id: 't-2', status: '?' }, null, newSubmitted, { ...newSubmitted, external_id: 'e-3' }],
    ],
  ])('finds a task by our id in %s', async (_, data) => {
    expect(await lookUp(ok(data))).toEqual(running);
    expect(bench.server.last).toMatchObject({ method: 'GET', url: '/tasks?external_task_ids=e-1' });
  });

  it.each([
    ['an empty list', ok([])],
    ['null', ok(null)],
    ['1201', refusal(400, 1201, 'Task not found by id/external id')],
  ])('takes %s for the word that there is nothing', async (_, answer) => {
    expect(await lookUp(answer)).toBeUndefined();
  });

  it.each([
    ['no data', json(200, { code: 0 })],
    ['a word', ok('none')],
    ['another task', ok([{ ...newSubmitted, external_id: 'e-2' }])],
    ['a task that has our id for its own', ok([{ ...newSubmitted, id: 'e-1', external_id: 'e-2' }])],
    ['a task without a name', ok([{ ...newSubmitted, external_id: '' }])],
    ['no task', ok([{}])],
    ['our task in a new state', ok([{ ...newSubmitted, status: 'archived' }])],
    ['two tasks under one name', ok([newSubmitted, { ...newSubmitted, id: 't-2' }])],
    ['a bare 404', text(404, 'Not Found')],
    ['a method that is none', refusal(404, 1202, 'no such method')],
  ])('takes %s for nothing of the kind', async (_, answer) => {
    expect(await failureOf(lookUp(answer))).toMatchObject({ call: 'read' });
  });

  it.each(['', 'a,b', '\ud800'])('does not ask for "%s"', async (id) => {
    const asking = client();
    await expect(asking.lookUp(asking.parse('A cat'), id)).rejects.toThrow(OptionsError);
    expect(bench.server.seen).toEqual([]);
  });
});

describe('a task at the new API', () => {
  function poll(task: object, product = 'text2video') {
    return client(ok([{ ...newSucceeded, ...task }])).poll([{ product, id: 't-1' }]);
  }
  const done = {
    ...running,
    status: 'succeeded',
    outputs: [{ type: 'video', url: 'https://example.org/v.mp4', durationMs: 5_041 }],
    credits: 3.5,
  };

  it('is read whole', async () => {
    const [createdAtMs, updatedAtMs] = [1_781_080_778_802, 1_781_080_794_151];
    expect(await poll({ create_time: createdAtMs, update_time: updatedAtMs })).toEqual([
      { ...done, createdAtMs, updatedAtMs },
    ]);
    expect(bench.server.last).toMatchObject({ method: 'GET', url: '/tasks?task_ids=t-1', body: '' });
  });

  it.each([
    ['submitted', 'running'],
    ['processing', 'running'],
    ['succeed', 'succeeded'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
  ])('is %s, so %s', async (status, meaning) => {
    expect((await poll({ status }))[0]).toHaveProperty('status', meaning);
  });

  it('tells why it failed, and what it cost only where it says so', async () => {
    const failed = { status: 'failed', message: 'no\nluck', outputs: null };
    expect(await poll({ ...failed, billing: [] })).toEqual([{ ...running, status: 'failed', message: 'no luck' }]);
    expect(await poll({ ...failed, billing: [1, '0.5'] })).toEqual([
      { ...running, status: 'failed', message: 'no luck', credits: 1.5 },
    ]);
  });

  it('has no price while it runs', async () => {
    expect(await poll({ status: 'processing' })).toEqual([running]);
  });

  it('may be one of the other API, and of any product', async () => {
    const outputs = [{ url: 'https://example.org/0.png' }, { type: 'image', url: 'https://example.org/1.png' }];
    const [task] = await poll({ outputs }, 'images');
    expect(task).toMatchObject({
      ref: { product: 'images', id: 't-1' },
      outputs: outputs.map(({ url }) => ({ type: 'image', url })),
    });
  });

  it('may have outputs that are neither video nor image', async () => {
    const others = [{ type: 'cover' }, { type: 'audio', url: 'https://example.org/a.mp3' }];
    expect(await poll({ outputs: [...others, ...newSucceeded.outputs] })).toEqual([done]);
  });

  it.each([
    ['no status', { status: undefined }],
    ['no outputs', { outputs: undefined }],
    ['an object for outputs', { outputs: newSucceeded.outputs[0] }],
    ['empty outputs', { outputs: [] }],
    ['outputs of other types alone', { outputs: [{ type: 'cover', url: 'https://example.org/c.png' }] }],
    ['a video without a URL', { outputs: [{ type: 'video', id: 'v-1' }] }],
    ['an output that is none', { outputs: ['https://example.org/v.mp4'] }],
  ])('is an error with %s', async (_, changes) => {
    expect(await poll(changes)).toMatchObject([{ code: 'SLUICE_KLING', kind: 'unknown-shape' }]);
  });
});

describe('the rest of the new API', () => {
  it('is checked with one cheap read', async () => {
    await client(ok([])).check();
    expect(bench.server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /tasks?external_task_ids=sluice-check',
    ]);
  });

  it('is not taken for it where the answer is a look-alike', async () => {
    expect(await failureOf(client(json(200, { code: 0 })).check())).toMatchObject({ kind: 'unknown-shape' });
  });

  it('has no list', async () => {
    await expect(client().list('text2video')).rejects.toThrow("use a client with api: 'v1'");
    expect(bench.server.seen).toEqual([]);
  });
});
