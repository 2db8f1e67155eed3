import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Arrival {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

export type Reply = (response: ServerResponse, request: IncomingMessage, arrival: Arrival) => void;

/** A real server on loopback, which notes when each request was there as a whole, and answers by its path. */
export class Loopback {
  readonly arrivals: Arrival[] = [];
  connections = 0;
  url = '';
  readonly #replies: Readonly<Record<string, Reply>>;
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  private constructor(replies: Readonly<Record<string, Reply>>) {
    this.#replies = replies;
    this.#server.on('connection', () => (this.connections += 1));
    this.#server.on('upgrade', (_request, socket: Socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n');
    });
  }

  static async start(replies: Readonly<Record<string, Reply>>): Promise<Loopback> {
    const loopback = new Loopback(replies);
    await new Promise<void>((resolve) => loopback.#server.listen(0, '127.0.0.1', resolve));
    loopback.url = `http://127.0.0.1:${(loopback.#server.address() as AddressInfo).port}`;
    return loopback;
  }

  /** May be called again. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const { method = '', url: path = '' } = request;
    const arrival = { atMs: performance.now(), method, path, body: Buffer.concat(chunks).toString() };
    this.arrivals.push(arrival);
    const reply = this.#replies[path] ?? status(404);
    reply(response, request, arrival);
  }
}

export function status(code: number, headers: Record<string, string> = {}, body = 'an answer'): Reply {
  return (response) => response.writeHead(code, headers).end(body);
}

/** Answers one after the other; the last of them stays. */
export function inTurn(...replies: readonly [Reply, ...Reply[]]): Reply {
  let turn = 0;
  return (...given) => {
    const reply = replies[Math.min(turn++, replies.length - 1)] ?? replies[0];
    reply(...given);
  };
}

/** Never answers. */
export const hang: Reply = () => undefined;

export const reset: Reply = (_, request) => request.socket.resetAndDestroy();

/** The head and some of the body, and then the connection is gone. */
export const truncated: Reply = (response, request) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('some', () => request.socket.destroy());
};

/** The head and some of the body, and then nothing more. */
export const stuck: Reply = (response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('some');
};
