import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestListener,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ReceiveCallbacksOptions } from '../../src/kling/callbacks/callbackOptions.js';
import { callbackBench, newSucceeded, post, signedHeaders, vector, type CallbackBench } from './callbackBench.js';

/** The URL of a real server on loopback, for the time of one test. */
async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(options: ReceiveCallbacksOptions = {}): Promise<CallbackBench & { readonly url: string }> {
  const bench = callbackBench(options);
  return { ...bench, url: await listening(bench.node) };
}

describe('over HTTP', () => {
  it('should take a signed callback, and answer with nothing', async () => {
    const bench = await serve({ secret: vector.secret, path: '/kling' });
    const body = JSON.stringify(newSucceeded);
    const answer = await fetch(`${bench.url}/kling?a=1`, {
      method: 'POST',
      body,
      headers: signedHeaders(vector.secret, body),
    });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(bench.told).toMatchObject([{ task: { ref: { id: 't-1' }, status: 'succeeded' }, isVerified: true }]);
  });

  it('should refuse what is not signed', async () => {
    const bench = await serve({ secret: vector.secret });
    const answer = await fetch(bench.url, { method: 'POST', body: vector.body });
    expect(answer.status).toBe(401);
    expect(bench.told).toEqual([]);
  });

  it.each(['GET', 'PUT', 'HEAD', 'DELETE'])('should refuse a %s', async (method) => {
    const answer = await fetch((await serve()).url, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each(['/', '/kling/', '/other', '/kling/more'])('should know no callbacks at %s', async (path) => {
    const bench = await serve({ path: '/kling' });
    expect((await fetch(`${bench.url}${path}`, { method: 'POST', body: vector.body })).status).toBe(404);
    expect((await bench.fetch(post(vector.body, {}, path))).status).toBe(404);
    expect(bench.told).toEqual([]);
  });

  it.each([
    { bytes: vector.body.length, status: 200 },
    { bytes: vector.body.length - 1, status: 413 },
  ])('should answer $status where at most $bytes bytes are read', async ({ bytes, status }) => {
    const bench = await serve({ maxBodyBytes: bytes });
    expect((await fetch(bench.url, { method: 'POST', body: vector.body })).status).toBe(status);
    expect((await bench.fetch(post(vector.body))).status).toBe(status);
    expect(bench.told).toHaveLength(status === 200 ? 1 : 0);
  });

  it('should answer to a body of megabytes as well, and go on with the connection', async () => {
    const bench = await serve();
    const socket = connect(Number(new URL(bench.url).port), '127.0.0.1');
    const bodies = [Buffer.alloc(8 * 1_024 * 1_024), Buffer.from(vector.body)];
    for (const body of bodies) {
      socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n`);
      socket.write(body);
    }
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    const statuses = [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['413', '200', '405']);
  });

  it('should give a body 10 s, then answer and close', async () => {
    const bench = await serve();
    const slow = await startPost(bench);
    bench.clock.advance(9_999);
    slow.write('"id":');
    bench.clock.advance(1);
    const [answer] = (await once(slow, 'response')) as [IncomingMessage];
    expect(answer.statusCode).toBe(408);
    expect(answer.headers).toMatchObject({ connection: 'close' });
    expect(bench.clock.pending).toBe(0);
  });

  it('should hold no timer once a body has come', async () => {
    const bench = await serve();
    await fetch(bench.url, { method: 'POST', body: vector.body });
    expect(bench.clock.pending).toBe(0);
  });

  it('should do without a sender that leaves in the middle', async () => {
    const bench = await serve();
    const leaving = await startPost(bench);
    leaving.on('error', () => undefined).destroy();
    await waitFor(() => bench.clock.pending === 0);
    expect((await fetch(bench.url, { method: 'POST', body: vector.body })).status).toBe(200);
  });

  it('should say so where somebody has read the body before', async () => {
    const bench = callbackBench();
    const url = await listening((request, response) => {
      void text(request).then(() => bench.node(request, response));
    });
    const answer = await fetch(url, { method: 'POST', body: vector.body });
    expect(answer.status).toBe(500);

    const inPart = post(vector.body);
    const reader = inPart.body?.getReader();
    expect((await bench.fetch(inPart)).status).toBe(500);
    await reader?.read();
    reader?.releaseLock();
    expect((await bench.fetch(inPart)).status).toBe(500);
  });

  it('should say nothing where somebody else has answered', async () => {
    const bench = callbackBench();
    const url = await listening((request, response) => {
      bench.node(request, response);
      response.writeHead(202).end();
    });
    const answer = await fetch(url, { method: 'POST', body: vector.body });
    expect(answer.status).toBe(202);
    await waitFor(() => bench.told.length === 1);
  });

  it('should survive what is no HTTP', async () => {
    const bench = await serve();
    const socket = connect(Number(new URL(bench.url).port), '127.0.0.1');
    socket.end('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: nonsense\r\n\r\n');
    expect(await text(socket)).toContain('400');
    expect((await fetch(bench.url, { method: 'POST', body: vector.body })).status).toBe(200);
  });
});

describe('by fetch', () => {
  const streamed = (source: UnderlyingDefaultSource<unknown>): Request =>
    new Request('http://localhost', {
      method: 'POST',
      body: new ReadableStream(source) as ReadableStream<Uint8Array>,
      duplex: 'half',
    } as RequestInit);

  it('should give a body 10 s, and then let go of it', async () => {
    const bench = callbackBench();
    let cancelled = 0;
    const answer = bench.fetch(streamed({ cancel: () => (cancelled++, undefined) }));
    bench.clock.advance(10_000);
    expect((await answer).status).toBe(408);
    expect(cancelled).toBe(1);
    expect(bench.clock.pending).toBe(0);
  });

  it('should let go of a body that is too long', async () => {
    const bench = callbackBench({ maxBodyBytes: 10 });
    let cancelled = 0;
    const endless = streamed({
      pull: (controller) => controller.enqueue(new Uint8Array(8)),
      cancel: () => (cancelled++, undefined),
    });
    expect((await bench.fetch(endless)).status).toBe(413);
    expect(cancelled).toBe(1);
  });

  it.each([
    ['a body that breaks off', streamed({ start: (controller) => controller.error(new Error('broken')) })],
    [
      'a body that is not of bytes',
      streamed({
        start(controller) {
          controller.enqueue('text');
          controller.close();
        },
      }),
    ],
  ])('should refuse %s', async (_, request) => {
    expect((await callbackBench().fetch(request)).status).toBe(400);
  });

  it('should refuse what has no body', async () => {
    expect((await callbackBench().fetch(new Request('http://localhost', { method: 'POST' }))).status).toBe(400);
  });
});

/** A POST of which the server waits for the rest. */
async function startPost(bench: CallbackBench & { readonly url: string }): Promise<ClientRequest> {
  const request = httpRequest(bench.url, { method: 'POST' });
  request.write('{');
  await waitFor(() => bench.clock.pending === 1);
  return request;
}

/** Turns of the event loop, until it is so. */
async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
