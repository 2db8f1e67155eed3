import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Incoming } from './incoming.js';
import { bodyOf, headersOf, type Reply } from './reply.js';

export function fromNode(request: IncomingMessage): Incoming {
  const { method = '', url = '', headers } = request;
  return {
    method,
    path: url.split('?', 1).join(''),
    header: (name) => [headers[name]].flat().join(', ') || undefined,
    body: request.readableDidRead ? undefined : { chunks: chunksOf(request), abandon: () => request.resume() },
  };
}

/** To a sender that is gone, or has been answered by somebody else, there is nothing to say. */
export function sendToNode(response: ServerResponse, reply: Reply): void {
  if (response.headersSent || response.destroyed) return;
  const body = bodyOf(reply);
  // The rest of a body that is too long is read and dropped, and the connection kept; too slow a one is not waited for.
  if (reply.status === 408) response.shouldKeepAlive = false;
  response.writeHead(reply.status, { ...headersOf(reply), 'content-length': Buffer.byteLength(body) }).end(body);
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
}
