import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { failureOf, klingBench, running, submit, submitted, succeeded } from './klingBench.js';
import { json, ok, refusal, text, type Answer } from './scriptedServer.js';

const bench = klingBench();

describe('submit', () => {
  it('sends the request in the words of Kling, under our id', async () => {
    bench.server.answers(ok(submitted));
    expect(await submit(bench.client(), { prompt: 'A cat', mode: 'pro', duration: 10 })).toEqual(running);
    expect(bench.server.last).toMatchObject({ method: 'POST', url: '/v1/videos/text2video' });
    expect(bench.server.last.headers).toMatchObject({
      authorization: 'Bearer api-key-of-the-test',
      'content-type': 'application/json',
    });
    expect(JSON.parse(bench.server.last.body)).toEqual({
      prompt: 'A cat',
      mode: 'pro',
      duration: '10',
      external_task_id: 'e-1',
    });
  });

  it.each([
    [{ product: 'image2video', image: 'aGVsbG8=' }, '/v1/videos/image2video'],
    [{ product: 'images', prompt: 'p' }, '/v1/images/generations'],
    [{ product: 'video-extend', video_id: 'v-1' }, '/v1/videos/video-extend'],
  ])('sends %o to its endpoint', async (input, path) => {
    bench.server.answers(ok(submitted));
    expect((await submit(bench.client(), input)).ref).toEqual({ product: input.product, id: 't-1' });
    expect(bench.server.last.url).toBe(path);
  });

  it('keeps a path of the base URL', async () => {
    bench.server.answers(ok(submitted));
    await submit(bench.client({ baseUrl: `${bench.server.url}/through/kling/` }));
    expect(bench.server.last.url).toBe('/through/kling/v1/videos/text2video');
  });

  it('takes an array of one for the task', async () => {
    bench.server.answers(ok([submitted]));
    expect(await submit(bench.client())).toEqual(running);
  });

  it('calls a duplicate one', async () => {
    bench.server.answers(refusal(400, 1201, 'external_task_id e-1 already exists'));
    const client = bench.client();
    expect(client.classify(await failureOf(submit(client)))).toEqual({ meaning: 'duplicate' });
  });

  it('never adopts a task under another id', async () => {
    bench.server.answers(ok({ ...submitted, task_info: { external_task_id: 'e-2' } }));
    expect(await failureOf(submit(bench.client()))).toMatchObject({ kind: 'unknown-shape', call: 'submit' });
  });

  it('sends nothing once its signal is aborted', async () => {
    const client = bench.client();
    const signal = AbortSignal.abort('enough');
    await expect(client.submit(client.parse('A cat'), 'e-1', { signal })).rejects.toBe('enough');
    expect(bench.server.seen).toEqual([]);
  });

  it('rejects with the reason of the signal that aborts it, and forgets its timer', async () => {
    const client = bench.client();
    const aborting = new AbortController();
    bench.server.answers(() => aborting.abort('enough'));
    await expect(client.submit(client.parse('A cat'), 'e-1', { signal: aborting.signal })).rejects.toBe('enough');
    expect(bench.clock.pending).toBe(0);
  });

  it('shares one listener on its signal with all that this may abort, and leaves none', async () => {
    const client = bench.client();
    const { signal } = new AbortController();
    const listeners: number[] = [];
    bench.server.answers((response, request) => {
      listeners.push(getEventListeners(signal, 'abort').length);
      ok(submitted)(response, request);
    });
    await Promise.all(['A cat', 'A dog'].map((prompt) => client.submit(client.parse(prompt), 'e-1', { signal })));
    expect(listeners[0]).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('lookUp', () => {
  function lookUp(answer: Answer) {
    bench.server.answers(answer);
    const client = bench.client();
    return client.lookUp(client.parse('A cat'), 'e-1');
  }

  it('finds a task by our id', async () => {
    expect(await lookUp(ok({ ...submitted, task_status: 'processing' }))).toEqual(running);
    expect(bench.server.last).toMatchObject({ method: 'GET', url: '/v1/videos/text2video/e-1' });
  });

  it.each([
    ['1201', refusal(400, 1201, 'Task not found by id/external id')],
    ['1203', refusal(404, 1203, 'no such resource')],
    ['1201 with HTTP 200', refusal(200, 1201, 'Task not found by id/external id')],
  ])("takes Kling's word that there is nothing: %s", async (_, answer) => {
    expect(await lookUp(answer)).toBeUndefined();
  });

  it.each([
    ['a bare 404', text(404, 'Not Found')],
    ["a gateway's 404", json(404, { status: 404, error: 'Not Found' })],
    ['a method that is none', refusal(404, 1202, 'no such method')],
    ['another complaint', refusal(400, 1201, 'invalid parameter')],
    ['a list', ok([])],
    ['another task', ok({ ...submitted, task_info: { external_task_id: 'e-2' } })],
  ])('takes nothing else for it: %s', async (_, answer) => {
    expect(await failureOf(lookUp(answer))).toMatchObject({ call: 'read' });
  });
});

describe('list', () => {
  it('reads a page', async () => {
    bench.server.answers(ok([succeeded, { task_id: 't-0', task_status: 'processing' }]));
    const videos = await bench.client().list('text2video', { page: 2, pageSize: 500 });
    expect(videos.map(({ ref, status }) => [ref.id, status])).toEqual([
      ['t-1', 'succeeded'],
      ['t-0', 'running'],
    ]);
    expect(bench.server.last.url).toBe('/v1/videos/text2video?pageNum=2&pageSize=500');
  });

  it('asks for the first 30 where nothing is said, and takes null for none', async () => {
    bench.server.answers(ok(null));
    expect(await bench.client().list('video-extend')).toEqual([]);
    expect(bench.server.last.url).toBe('/v1/videos/video-extend?pageNum=1&pageSize=30');
  });

  it.each([{ page: 0 }, { page: 1_001 }, { pageSize: 501 }, { pageSize: 1.5 }])('refuses %o', async (options) => {
    await expect(bench.client().list('images', options)).rejects.toThrow(OptionsError);
    expect(bench.server.seen).toEqual([]);
  });
});

describe('check', () => {
  it('is satisfied with one cheap read', async () => {
    bench.server.answers(ok([]));
    await bench.client().check();
    expect(bench.server.seen.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /v1/videos/text2video?pageNum=1&pageSize=1',
    ]);
  });

  it('does not mind a task in a state that is new to it', async () => {
    bench.server.answers(ok([{ ...submitted, task_status: 'archived' }]));
    await expect(bench.client().check()).resolves.toBeUndefined();
  });

  it.each([
    [
      'a web site',
      text(200, '<html>Hello</html>', { 'content-type': 'text/html' }),
      "that is not Kling's: check baseUrl",
    ],
    ['another JSON API', json(200, { status: 'up' }), "that is not Kling's: check baseUrl"],
    ['a redirection', text(301, '', { location: 'https://example.org' }), 'answered 301'],
    ['a look-alike', json(200, { code: 0 }), 'not what is due here'],
    ['other credentials', refusal(401, 1002, 'access key not found'), '"access key not found" (code 1002, HTTP 401)'],
  ])('says what is wrong: %s', async (_, answer, words) => {
    bench.server.answers(answer);
    expect((await failureOf(bench.client().check())).message).toContain(words);
  });

  it('says that nothing listens there', async () => {
    const url = bench.server.url;
    await bench.server.stop();
    const error = await failureOf(bench.client({ baseUrl: url }).check());
    expect(error.message).toBe(
      `cannot connect to ${url} (ECONNREFUSED): check baseUrl and the network; nothing was sent`,
    );
  });
});
