import type { IncomingMessage } from 'node:http';

export type BodyReading = { readonly arrived: false } | { readonly arrived: true; readonly body: unknown };

/**
 * Reads the JSON value that a request carries: undefined where there is none, where it is no JSON, or where it is longer
 * than `maxBytes` (the rest is then read and thrown away, so that the sender gets to hear of it). A request whose
 * sender leaves in the middle never arrived.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<BodyReading> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
    }
  } catch {
    return { arrived: false };
  }
  const isWhole = length <= maxBytes;
  return { arrived: true, body: isWhole ? parse(Buffer.concat(chunks).toString('utf8')) : undefined };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
