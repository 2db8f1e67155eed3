import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real server on loopback that gives the answers it was told to, one a request; the last of them stays. */
export class ScriptedServer {
  readonly seen: SeenRequest[] = [];
  connections = 0;
  url = '';
  #answers: readonly Answer[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    scripted.#server.on('connection', () => (scripted.connections += 1));
    await new Promise<void>((resolve) => scripted.#server.listen(0, '127.0.0.1', resolve));
    scripted.url = `http://127.0.0.1:${(scripted.#server.address() as AddressInfo).port}`;
    return scripted;
  }

  /** The request that came last. */
  get last(): SeenRequest {
    const last = this.seen.at(-1);
    if (last === undefined) throw new Error('no request has come yet');
    return last;
  }

  answers(...answers: readonly Answer[]): void {
    this.#answers = answers;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '', headers } = request;
    this.seen.push({ method, url, headers, body });
    const [answer = text(500, 'no answer was scripted'), ...others] = this.#answers;
    if (others.length > 0) this.#answers = others;
    answer(response, request);
  }
}

export function text(status: number, body: string, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return text(status, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
}

/** A success of Kling's around `data`. */
export function ok(data: unknown): Answer {
  return json(200, { code: 0, message: 'SUCCEED', request_id: 'req-1', data });
}

export function refusal(status: number, code: number, message: string, headers: Record<string, string> = {}): Answer {
  return json(status, { code, message, request_id: 'req-1' }, headers);
}

export const reset: Answer = (_, request) => request.socket.resetAndDestroy();

/** The head and some of the body, and then the connection is gone. */
export function truncated(status: number, headers: Record<string, string> = {}): Answer {
  return (response, request) => {
    response.writeHead(status, { 'content-length': '1000', ...headers });
    response.write('{"code":0', () => request.socket.destroy());
  };
}
