// One figure of one contestant, in a process of its own so that nobody inherits another's heap: measure.js ROW NAME [N]
import { setTimeout as sleep } from 'node:timers/promises';
import * as contestants from './contestants.js';

const [row, name, n] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const measures = {
  atOnce: pace,
  open: pace,
  keyed: pace,
  queued: waiting,
  window: worstWindow,
  aborted: abortedWaiters,
  peak: peakMemory,
};
process.stdout.write(JSON.stringify(await measures[row]()));

/**
 * Nanoseconds an item: the median of the runs of ten seconds at the most, or of a million items, after a warm-up. No
 * collection is forced between them: it would throw compiled code away with the classes of what has just died.
 */
async function pace() {
  const run = contestants[row][name];
  await repeat(run, 200_000, 5_000);
  return { nanoseconds: median(await repeat(run, Math.max(1_000_000, 3 * n), 10_000)) };
}

async function repeat(run, items, forMs) {
  const paces = [];
  const begun = performance.now();
  for (let done = 0; done < items && (done === 0 || performance.now() - begun < forMs); done += n) {
    const startMs = performance.now();
    await run(n);
    paces.push(((performance.now() - startMs) / n) * 1e6);
  }
  return paces;
}

/** CPU microseconds and heap bytes an item while n wait. */
async function waiting() {
  const run = contestants.queued[name];
  await run(10_000);
  globalThis.gc();
  const heapBefore = process.memoryUsage().heapUsed;
  const cpuBefore = process.cpuUsage();
  const ended = run(n);
  await sleep(50);
  globalThis.gc();
  const heapBytes = (process.memoryUsage().heapUsed - heapBefore) / n;
  await ended;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpuMicroseconds: (user + system) / n, heapBytes };
}

/** The greatest number of starts in any window, over the limit: 10 per 200 ms, arrivals in bursts and alone. */
async function worstWindow() {
  const [limit, intervalMs] = [10, 200];
  const start = contestants.rated[name](limit, intervalMs);
  const starts = [];
  const work = () => starts.push(performance.now());
  const all = [];
  for (let burst = 0; burst < 6; burst++) {
    for (let i = 0; i < 12; i++) all.push(start(work));
    await sleep(intervalMs * 0.93);
  }
  await Promise.all(all);
  const worst = starts.map((from) => starts.filter((at) => at >= from && at < from + intervalMs).length);
  return { ratio: Math.max(...worst) / limit };
}

/** How much longer the next one waits, in intervals, after ten waiters gave up: 10 per 200 ms. */
async function abortedWaiters() {
  const [limit, intervalMs] = [10, 200];
  const start = contestants.rated[name](limit, intervalMs);
  const startMs = performance.now();
  await Promise.all(Array.from({ length: limit }, () => start(() => undefined)));
  const controller = new AbortController();
  const given = Array.from({ length: 10 }, () => start(() => undefined, controller.signal).catch(() => undefined));
  await sleep(20);
  controller.abort(new Error('given up'));
  await Promise.all(given);
  await start(() => undefined);
  return { intervals: (performance.now() - startMs) / intervalMs };
}

/** The peak of the resident set over what an idle process has, in MB, for n trivial tasks. */
async function peakMemory() {
  const idle = process.memoryUsage().rss;
  await contestants.atOnce[name](n);
  return { megabytes: Math.max(0, process.resourceUsage().maxRSS * 1024 - idle) / 1e6 };
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
