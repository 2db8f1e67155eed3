// One of the processes that share a limit: redisWorker.js ROW NAME PORT LIMIT INTERVAL WAITERS [URL]. From `go` to `stop` it
// has WAITERS pieces of work at any time, each a request to URL if there is one; to `count` it answers how many are done.
import { Agent, request } from 'node:http';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import * as contestants from './redisContestants.js';

const [row, name, ...figures] = process.argv.slice(2);
const [port, limit, intervalMs, waiters] = figures.map(Number);
const url = figures[4];
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });

const start = await contestants[row][name](port, limit, intervalMs);
let isOver = false;
let done = 0;

process.on('message', (message) => {
  if (message === 'go') for (let i = 0; i < waiters; i++) void waitAgain();
  if (message === 'once') void oneByOne();
  if (message === 'stop') isOver = true;
  if (message === 'count') process.send({ done, cpuMicroseconds: cpuMicroseconds() });
});
process.once('disconnect', () => process.exit());
process.send('ready');

async function waitAgain() {
  while (!isOver) {
    await start(work);
    done++;
    if (url === undefined && done % 64 === 0) await nextTurn();
  }
}

/** Each as soon as the last has ended: how long an admission takes that nothing holds back. */
async function oneByOne() {
  const tookMs = [];
  for (let i = 0; i < 400; i++) {
    const startMs = performance.now();
    await start(() => tookMs.push(performance.now() - startMs));
    await sleep(2);
  }
  process.send({ tookMs: tookMs.slice(100) });
}

function work() {
  if (url === undefined) return undefined;
  return new Promise((resolve, reject) => {
    request(url, { agent, headers: { 'x-worker': process.pid } }, (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end();
  });
}

function cpuMicroseconds() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
