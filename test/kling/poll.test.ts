import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { failureOf, klingBench, poll, running, submitted, succeeded } from './klingBench.js';
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
    expect(task?.outputs).toEqual(images.map(({ url }) => ({ type: 'image', url })));
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
    expect((await poll(bench.client()))[0]?.status).toBe(meaning);
  });

  it.each(['cancelled', 'SUCCEED', '', 'toString'])('never takes the status "%s" for running', async (status) => {
    bench.server.answers(ok({ ...succeeded, task_status: status }));
    const client = bench.client();
    const error = await failureOf(poll(client));
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
    ['another task', { task_id: 't-2', task_status: 'processing', task_info: { external_task_id: 'e-2' } }],
  ])('calls an unknown shape one: %s', async (_, data) => {
    bench.server.answers(ok(data));
    expect(await failureOf(poll(bench.client()))).toMatchObject({ kind: 'unknown-shape', call: 'read', status: 200 });
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
      { ...running, status: 'succeeded', outputs: [{ type: 'video', url: 'u' }] },
    ]);
  });

  it('does not know a task that Kling does not know', async () => {
    bench.server.answers(refusal(400, 1201, 'Task not found by id/external id'));
    expect(await poll(bench.client())).toEqual([undefined]);
  });

  it('asks for nothing where nothing is asked, and for one task at most', async () => {
    const client = bench.client();
    const ref = { product: 'text2video', id: 't-1' };
    expect(await client.poll([])).toEqual([]);
    await expect(client.poll([ref, ref])).rejects.toThrow(OptionsError);
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
