import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { Simulator } from '../../src/simulator/server.js';
import { selfSigned } from '../kling/selfSigned.js';

/** Where the certificate of `selfSigned` is for: no name server knows it. */
export const elsewhere = 'https://elsewhere.example';

/** A proxy for one test, and what it was asked for. */
export interface TestProxy {
  /** Its host and port. */
  readonly host: string;
  readonly asked: readonly { readonly url: string | undefined; readonly authorization: string | undefined }[];
}

/** What becomes of a connection that was asked for: a whole answer, silence, or an end. */
export type Answering = (socket: Duplex) => void;

/** A proxy that leads every CONNECT to a port of this machine, or does with it as it is told. */
export async function startProxy(leading: number | Answering): Promise<TestProxy> {
  const asked: TestProxy['asked'][number][] = [];
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on('connect', ({ url, headers }: IncomingMessage, socket: Duplex) => {
    asked.push({ url, authorization: headers['proxy-authorization'] });
    socket.on('error', () => undefined);
    onTestFinished(() => void socket.destroy());
    if (typeof leading === 'function') {
      leading(socket);
      return;
    }
    const there = connect(leading, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(there).pipe(socket);
    });
    there.on('error', () => socket.destroy());
  });
  return { host: `127.0.0.1:${await listening(server)}`, asked };
}

/** The port of a server that is a simulator as `elsewhere`, over TLS: its results are there, too. */
export function startElsewhere(simulator: Simulator): Promise<number> {
  const server = createSecureServer(selfSigned, (request, response) => {
    void (async () => {
      const { method = 'GET', url = '', headers } = request;
      const sent = method === 'POST' ? { body: await buffer(request) } : {};
      const answer = await fetch(`${simulator.url}${url}`, {
        method,
        ...sent,
        headers: { authorization: headers.authorization ?? '', 'content-type': headers['content-type'] ?? '' },
      });
      const type = answer.headers.get('content-type') ?? '';
      const body = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { 'content-type': type });
      response.end(type.includes('json') ? body.toString().replaceAll(simulator.url, elsewhere) : body);
    })();
  });
  return listening(server);
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
