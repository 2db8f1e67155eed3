import type { Incoming, IncomingBody } from './incoming.js';
import { bodyOf, headersOf, type Reply } from './reply.js';

export function fromFetch(request: Request): Incoming {
  return {
    method: request.method,
    path: new URL(request.url).pathname,
    header: (name) => request.headers.get(name) ?? undefined,
    body: request.bodyUsed || request.body?.locked === true ? undefined : bodyFrom(request.body),
  };
}

export function toFetch(reply: Reply): Response {
  return new Response(bodyOf(reply) || null, { status: reply.status, headers: headersOf(reply) });
}

function bodyFrom(stream: ReadableStream<Uint8Array> | null): IncomingBody {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;

  async function* chunks(): AsyncGenerator<Uint8Array> {
    reader = stream?.getReader();
    let part = await reader?.read();
    while (part?.done === false) {
      yield part.value;
      part = await reader?.read();
    }
  }

  return {
    chunks: chunks(),
    // What a source says to being cancelled is nothing to us.
    abandon: () => void reader?.cancel().catch(() => undefined),
  };
}
