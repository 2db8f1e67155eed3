import type { Clock } from '../../clock.js';

/** A request, whichever way it came in. */
export interface Incoming {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  header(name: string): string | undefined;
  /** Undefined: somebody has read of it before. */
  readonly body: IncomingBody | undefined;
}

export interface IncomingBody {
  /** To be read once; leaving off ends nothing, so that an answer can still be sent. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Lets go of what is still to come. */
  abandon(): void;
}

/** Why there is no body. */
export type NoBody = 'too-long' | 'too-slow' | 'broken';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** The bytes of a body, as they were sent. Never rejects. */
export function readBody(body: IncomingBody, limits: BodyLimits): Promise<Uint8Array | NoBody> {
  return new Promise((resolve) => {
    const cancelTimeout = limits.clock.schedule(limits.timeoutMs, () => end('too-slow'));
    function end(reading: Uint8Array | NoBody): void {
      cancelTimeout();
      resolve(reading);
      if (typeof reading === 'string') body.abandon();
    }
    gather(body.chunks, limits.maxBodyBytes).then(end, () => end('broken'));
  });
}

async function gather(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array | 'too-long'> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) return 'too-long';
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
