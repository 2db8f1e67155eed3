// A server that writes down when each request has come and when it was answered, 2 to 40 ms later.
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers';

export class StrictServer {
  cameAtMs = [];
  answeredAtMs = [];
  #server = createServer((request, response) => {
    this.cameAtMs.push(performance.now());
    setTimeout(
      () => {
        this.answeredAtMs.push(performance.now());
        response.end();
      },
      2 + 38 * Math.random(),
    );
  });

  async start() {
    // No connection is closed under a request that is about to use it.
    this.#server.keepAliveTimeout = 120_000;
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${this.#server.address().port}/`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** The most that lie in any half-open window, of instants in their order. */
export function worstWindow(instants, intervalMs) {
  let worst = 0;
  let from = 0;
  for (const [index, atMs] of instants.entries()) {
    while (atMs - instants[from] >= intervalMs) from++;
    worst = Math.max(worst, index - from + 1);
  }
  return worst;
}
