import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { KlingError } from '../../src/kling/errors.js';
import { klingBench, poll, running, submitted, succeeded } from './klingBench.js';
import { ok, refusal } from './scriptedServer.js';

const bench = klingBench();

describe('poll', () => {
  it('reads a task that succeeded', async () => {
    bench.server.answers(ok(succeeded));
    expect(await poll(bench.client())).toEqual([
      {
        ref: { product: 'text2video', id: 't-1' },
        status: 'succeeded',
        outputs: [{ type: 'video', url: 'https://example.org/v.mp4', durationMs: 5_041 }],
        credits: 3.5,
        externalId: 'e-1',
      },
    ]);
    expect(bench.server.last).toMatchObject({ method: 'GET', url: '/v1/videos/text2video/t-1', body: '' });
  });

  it('reads images', async () => {
    const images = [
      { index: 0, url: 'https://example.org/0.png' },
      { index: 1, url: 'https://example.org/1.png' },
    ];
    bench.server.answers(ok({ task_id: 't-1', task_status: 'succeed', task_result: { images } }));
    const [task] = await bench.client().poll([{ product: 'images', id: 't-1' }]);
    expect(task).toHaveProperty(
      'outputs',
      images.map(({ url }) => ({ type: 'image', url })),
    );
  });

  it('reads why a task failed, on one line', async () => {
    bench.server.answers(ok({ ...submitted, task_status: 'failed', task_status_msg: 'no\n\u001b[31mluck' }));
    expect(await poll(bench.client())).toEqual([{ ...running, status: 'failed', message: 'no [31mluck' }]);
  });

  it.each([
    ['submitted', 'running'],
    ['processing', 'running'],
    ['succeed', 'succeeded'],
    ['succeeded', 'succeeded'],
    ['failed', 'failed'],
  ])('reads the status %s as %s', async (status, meaning) => {
    bench.server.answers(ok({ ...succeeded, task_status: status }));
    expect((await poll(bench.client()))[0]).toHaveProperty('status', meaning);
  });

  it.each(['cancelled', 'SUCCEED', '', 'toString'])('never takes the status "%s" for running', async (status) => {
    bench.server.answers(ok({ ...succeeded, task_status: status }));
    const client = bench.client();
    const [error] = await poll(client);
    expect(error).toBeInstanceOf(KlingError);
    expect(error).toMatchObject({ kind: 'unknown-status', requestId: 'req-1' });
    expect(client.classify(error)).toEqual({ meaning: 'invalid' });
  });

  it.each([
    ['nothing', undefined],
    ['no object', 'a task'],
    ['two tasks', [submitted, submitted]],
    ['an empty array', []],
    ['no id', { task_status: 'processing' }],
    ['no status', { task_id: 't-1' }],
    ['success without a result', { ...submitted, task_status: 'succeed' }],
    ['success without a file', { ...succeeded, task_result: { videos: [] } }],
    ['success without a URL', { ...succeeded, task_result: { videos: [{ id: 'v-1' }] } }],
    ['an id that has lost digits', { ...submitted, task_id: 2 ** 53 }],
    ['another task', { task_id: 't-2', task_status: 'processing', task_info: { external_task_id: 'e-2' } }],
    ['another task without a name of ours', { task_id: 't-2', task_status: 'processing' }],
  ])('calls an unknown shape one: %s', async (_, data) => {
    bench.server.answers(ok(data));
    const [error] = await poll(bench.client());
    expect(error).toBeInstanceOf(KlingError);
    expect(error).toMatchObject({ kind: 'unknown-shape', call: 'read', status: 200 });
  });

  it('does without what is not needed: a credit or a duration that is none', async () => {
    bench.server.answers(
      ok({
        ...succeeded,
        task_info: 'none',
        final_unit_deduction: '',
        task_result: { videos: [{ url: 'u', duration: 'long' }] },
      }),
    );
    expect(await poll(bench.client())).toEqual([
      {
        ref: running.ref,
        status: 'succeeded',
        outputs: [{ type: 'video', url: 'u' }],
      },
    ]);
  });

  it('reads when a task was created and changed, in ms by the wall of the server', async () => {
    const [createdAtMs, updatedAtMs] = [1_781_080_778_802, 1_781_080_794_151];
    bench.server.answers(ok({ ...submitted, created_at: createdAtMs, updated_at: String(updatedAtMs) }));
    expect(await poll(bench.client())).toEqual([{ ...running, createdAtMs, updatedAtMs }]);
  });

  it.each([null, '', 'yesterday', -1, 9e15, {}])('does without an instant that is none: %o', async (instant) => {
    bench.server.answers(ok({ ...submitted, created_at: instant, updated_at: instant }));
    expect(await poll(bench.client())).toEqual([running]);
  });

  it.each([
    ['3.5', 3.5],
    [3.5, 3.5],
    ['0', 0],
    [null, undefined],
    ['-1', undefined],
    ['free', undefined],
  ])('reads a deduction of %o as %o credits', async (deduction, credits) => {
    bench.server.answers(ok({ ...succeeded, final_unit_deduction: deduction }));
    const [task] = await poll(bench.client());
    expect(task).toEqual({
      ...running,
      status: 'succeeded',
      outputs: [{ type: 'video', url: 'https://example.org/v.mp4', durationMs: 5_041 }],
      credits,
    });
  });

  it('knows the price of a task that has failed where it is stated, and of none that runs', async () => {
    const price = { final_unit_deduction: '2' };
    bench.server.answers(
      ok({ ...submitted, task_status: 'failed' }),
      ok({ ...submitted, task_status: 'failed', ...price }),
      ok({ ...submitted, task_status: 'processing', ...price }),
    );
    const client = bench.client();
    expect([await poll(client), await poll(client), await poll(client)]).toEqual([
      [{ ...running, status: 'failed' }],
      [{ ...running, status: 'failed', credits: 2 }],
      [running],
    ]);
  });

  it('takes a number for an id', async () => {
    bench.server.answers(ok({ ...submitted, task_id: 17 }));
    expect(await poll(bench.client(), '17')).toEqual([{ ...running, ref: { product: 'text2video', id: '17' } }]);
  });

  it('finds a task by our id, too', async () => {
    bench.server.answers(ok(submitted));
    expect(await poll(bench.client(), 'e-1')).toEqual([running]);
  });

  it('does not know a task that Kling does not know', async () => {
    bench.server.answers(refusal(400, 1201, 'Task not found by id/external id'));
    expect(await poll(bench.client())).toEqual(['absent']);
  });

  it('asks for nothing where nothing is asked, nor for what is no product', async () => {
    const client = bench.client();
    expect(await client.poll([])).toEqual([]);
    await expect(client.poll([{ product: 'audio', id: 't-1' }])).rejects.toThrow('"audio" is no product');
    expect(bench.server.seen).toEqual([]);
  });

  it.each([
    ['a/b?c#d', '/v1/videos/text2video/a%2Fb%3Fc%23d'],
    ['...', '/v1/videos/text2video/...'],
    ['ü %', '/v1/videos/text2video/%C3%BC%20%25'],
  ])('asks for the id "%s" and nothing else', async (id, url) => {
    bench.server.answers(ok({ ...submitted, task_id: id }));
    await poll(bench.client(), id);
    expect(bench.server.last.url).toBe(url);
  });

  it.each(['', '.', '..', '\ud800'])(
    'refuses the id "%s", which would ask for something else or nothing',
    async (id) => {
      await expect(poll(bench.client(), id)).rejects.toThrow(OptionsError);
      expect(bench.server.seen).toEqual([]);
    },
  );
});
