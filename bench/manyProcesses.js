// A thousand processes on one limiter: manyProcesses.js LIMIT [PROCESSES] [SECONDS]. Each has a store and connections of its
// own; they live in four real processes. Says what it costs Redis and each of them. Needs `ulimit -n` of 4096.
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchRedis } from './redisProcesses.js';

const [limit, processes = 1_000, seconds = 10] = process.argv.slice(2).map(Number);
const hosts = 4;
const redis = await new BenchRedis().start();
const script = new URL('manyStores.js', import.meta.url).pathname;
const all = Array.from({ length: hosts }, () => fork(script, [redis.port, limit, processes / hosts].map(String)));
await Promise.all(all.map((host) => answerOf(host)));
for (const host of all) host.send('go');
await sleep(5_000);
await redis.admin.config('RESETSTAT');
const [before, first] = [await redis.figures(), await Promise.all(all.map((host) => ask(host)))];
await sleep(seconds * 1_000);
const [after, last] = [await redis.figures(), await Promise.all(all.map((host) => ask(host)))];
const grown = (figure) => last.reduce((sum, each, index) => sum + each[figure] - first[index][figure], 0);
const done = grown('done');
const memory = await redis.admin.info('memory');
const counts = last.flatMap(({ counts: each }, host) => each.map((count, index) => count - first[host].counts[index]));
const cpuMicroseconds = after.cpuMicroseconds - before.cpuMicroseconds;
console.log(
  JSON.stringify(
    {
      limit,
      processes,
      perSecond: done / seconds,
      redisCpuPercent: cpuMicroseconds / seconds / 1e4,
      redisMicrosecondsPerCall: cpuMicroseconds / after.scripts,
      callsPerSecond: after.scripts / seconds,
      callsPerAdmission: after.scripts / done,
      publishesPerAdmission: (after.calls.publish ?? 0) / done,
      commandsPerCall: after.commands / after.scripts,
      processCpuMicrosecondsPerAdmission: grown('cpuMicroseconds') / done,
      redisMegabytes: Number(/used_memory:(\d+)/.exec(memory)[1]) / 1e6,
      redisDataKilobytesAProcess: Number(/used_memory_dataset:(\d+)/.exec(memory)[1]) / 1e3 / processes,
      heapKilobytesAProcess: last.reduce((sum, { heapBytes }) => sum + heapBytes, 0) / processes / 1e3,
      fewest: Math.min(...counts),
      most: Math.max(...counts),
    },
    (_, value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value),
  ),
);
for (const host of all) host.kill('SIGKILL');
await redis.stop();

function ask(host) {
  const answer = answerOf(host);
  host.send('count');
  return answer;
}

function answerOf(host) {
  return new Promise((resolve) => host.once('message', resolve));
}
