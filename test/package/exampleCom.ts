import { createServer, type Server } from 'node:http';

/** What the examples of the README ask of https://example.com, on this machine. */
export class ExampleCom {
  readonly #asked: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url ?? '';
      this.#asked.push(path);
      const nth = this.#asked.filter((it) => it === path).length;
      if (path === '/api' && nth === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answerTo(path, nth)));
    });
  }

  static async start(): Promise<ExampleCom> {
    const started = new ExampleCom();
    await new Promise<void>((resolve) => started.#server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { readonly port: number }).port}`;
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.#asked.filter((it) => it === path).length;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

function answerTo(path: string, nth: number): unknown {
  if (path === '/api') return { answer: 42 };
  if (path.startsWith('/tasks/')) return { state: nth < 3 ? 'running' : 'done' };
  return {};
}
