// A server that keeps books, as a worker of its own: each request's instants of arrival, counting and answering, on this
// process' monotonic clock, with a random latency before it counts and another before it answers.
import { createServer } from 'node:http';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers';
import { parentPort, workerData } from 'node:worker_threads';

const { leastMs, mostMs, seed } = workerData;
const books = [];
const stalls = monitorEventLoopDelay({ resolution: 1 });

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
let state = seed;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let bits = Math.imul(state ^ (state >>> 15), state | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
}

const latencyMs = () => leastMs + random() * (mostMs - leastMs);

const server = createServer((_request, response) => {
  const receivedAtMs = performance.now();
  stalls.enable();
  setTimeout(() => {
    const countedAtMs = performance.now();
    setTimeout(() => {
      books.push({ receivedAtMs, countedAtMs, answeredAtMs: performance.now() });
      response.end('counted');
    }, latencyMs());
  }, latencyMs());
});

server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port }));
parentPort.on('message', () => {
  server.closeAllConnections();
  server.close(() => {
    parentPort.postMessage({ books, stallMs: stalls.max / 1e6 });
    parentPort.close();
  });
});
