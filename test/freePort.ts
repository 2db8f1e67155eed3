import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Above 10,080, the last that browsers and `fetch` refuse to ask: https://fetch.spec.whatwg.org/#port-blocking */
const first = 11_000;
/** From a server of Redis to the bus of its cluster. */
const busAhead = 10_000;
let offset = randomInt(busAhead);

/**
 * A port of this machine that nobody listens on, nor on the one of a cluster's bus with it. Both are below those that
 * a system deals out by itself (from 32,768 on): while nobody listens, no other server comes to have it by chance.
 */
export async function freePort(): Promise<number> {
  offset = (offset + 1) % busAhead;
  const port = first + offset;
  return (await isFree(port)) && (await isFree(port + busAhead)) ? port : freePort();
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await once(probe.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  await once(probe.close(), 'close');
  return true;
}
