import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { receiveCallbacks } from '../../src/kling/callbacks/receiveCallbacks.js';
import { runs } from '../runs.js';
import { callbackBench, newRunning, newSucceeded, signedHeaders, v1Succeeded, vector } from './callbackBench.js';

const documented = [200, 400, 401, 404, 405, 408, 413];
const maxBodyBytes = 400;

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .tuple(
      fc.constantFrom(newRunning, newSucceeded, v1Succeeded),
      fc.dictionary(fc.constantFrom(...keys()), fc.jsonValue()),
    )
    .map(([task, changes]) => Buffer.from(JSON.stringify({ ...task, ...changes }))),
);
const value = fc.oneof(
  fc.string({ unit: 'binary-ascii', maxLength: 60 }).filter((text) => /^[\x20-\x7e]*$/.test(text)),
  fc.constantFrom(vector.id, `${vector.timestamp}`, vector.signature, `v1,x ${vector.signature}`),
);
const headers = fc.dictionary(
  fc.constantFrom('webhook-id', 'webhook-timestamp', 'webhook-signature', 'content-type', 'x-other'),
  value,
);
const method = fc.oneof(
  { weight: 4, arbitrary: fc.constant('POST') },
  fc.constantFrom('PUT', 'DELETE', 'PATCH', 'GET'),
);
const path = fc.oneof(
  { weight: 4, arbitrary: fc.constant('/kling') },
  fc.webPath().map((tail) => `/${tail}`),
);
const callback = fc.record({ bytes, headers, method, path, isSigned: fc.boolean() });

function keys(): readonly string[] {
  return [...Object.keys(newSucceeded), ...Object.keys(v1Succeeded)];
}

describe('a receiver of callbacks', () => {
  const open = receiveCallbacks({ maxBodyBytes, path: '/kling' });
  const closed = callbackBench({ maxBodyBytes, path: '/kling', secret: vector.secret });
  const server = createServer(closed.node);
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('should always answer as it is documented, whatever comes', async () => {
    await fc.assert(
      fc.asyncProperty(callback, async ({ bytes, headers, method, path, isSigned }) => {
        const all = { ...headers, ...(isSigned && signedHeaders(vector.secret, bytes)) };
        const body = method === 'GET' ? null : bytes;
        const url = `http://localhost${path}`;
        const answers = await Promise.all([
          open.fetch(new Request(url, { method, headers: all, body })),
          closed.fetch(new Request(url, { method, headers: all, body })),
        ]);
        for (const answer of answers) expect(documented).toContain(answer.status);
      }),
      runs(300),
    );
  });

  it('should never tell what is not signed', async () => {
    await fc.assert(
      fc.asyncProperty(callback, async ({ bytes, headers, path }) => {
        closed.told.length = 0;
        const answer = await closed.fetch(
          new Request(`http://localhost${path}`, { method: 'POST', headers, body: bytes }),
        );
        expect(answer.status).not.toBe(200);
        expect(closed.told).toEqual([]);
      }),
      runs(300),
    );
  });

  it('should answer over HTTP as it does by fetch', async () => {
    const { port } = server.address() as AddressInfo;
    await fc.assert(
      fc.asyncProperty(callback, async ({ bytes, headers, method, path, isSigned }) => {
        const all = { ...headers, ...(isSigned && signedHeaders(vector.secret, bytes)) };
        const body = method === 'GET' ? null : bytes;
        const byFetch = await closed.fetch(new Request(`http://localhost${path}`, { method, headers: all, body }));
        const length = { 'content-length': body?.length ?? 0 };
        const request = httpRequest({ port, method, path, headers: { ...all, ...length } });
        request.end(body ?? undefined);
        const [answer] = (await once(request, 'response')) as [IncomingMessage];
        answer.resume();
        expect(answer.statusCode).toBe(byFetch.status);
      }),
      runs(150),
    );
  });

  it('should tell each stage of each task once, in its order, whatever the order of the callbacks', async () => {
    const stages = [{ ...newRunning, status: 'submitted' }, newRunning, { ...newSucceeded, outputs: [] }, newSucceeded];
    const sent = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c'), stage: fc.nat(3) }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sent, async (all) => {
        const { fetch, told } = callbackBench();
        for (const { id, stage } of all) {
          const body = JSON.stringify({ ...stages[stage], id });
          await fetch(new Request('http://localhost', { method: 'POST', body }));
        }
        for (const name of ['a', 'b', 'c']) {
          const ranks = all.filter(({ id }) => id === name).map(({ stage }) => [0, 0, 1, 2][stage] ?? 0);
          const records = ranks.filter((rank, index) => ranks.slice(0, index).every((earlier) => earlier < rank));
          const heard = told.filter(({ task }) => task.ref.id === name).map(({ task }) => rankOf(task));
          expect(heard).toEqual(records);
        }
      }),
      runs(100),
    );
  });
});

function rankOf({ status, outputs }: { readonly status: string; readonly outputs: readonly unknown[] }): number {
  if (status === 'running') return 0;
  return outputs.length === 0 ? 1 : 2;
}
