// Limits shared over Redis, side by side in one run: prints tables, adds them to results.json. Needs a `redis-server`.
// redisRun.js [strict] [pace1] [pace8] [alone]: only these.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { even, floor, shared, slots } from './redisContestants.js';
import { BenchRedis, Processes } from './redisProcesses.js';
import { StrictServer, worstWindow } from './strictServer.js';

const [limit, intervalMs, intervals, processes] = [50, 1_000, 12, 8];
const never = 1e6;
const neverMs = 1e6;

const tables = {
  strict: [
    `${processes} processes, ${limit} per ${intervalMs} ms, a server that answers after 2 to 40 ms`,
    strict,
    [...of('shared'), ...of('even')],
  ],
  pace1: ['limits that do not bind, 1 process', (it) => pace(it, 1), [...of('shared'), ...of('slots')]],
  pace8: [
    `limits that do not bind, ${processes} processes`,
    (it) => pace(it, processes),
    [...of('shared'), ...of('slots')],
  ],
  alone: ['one admission that nothing holds back, ms', alone, [...of('floor'), ...of('shared')]],
};
const asked = process.argv.slice(2);
if (spawnSync('redis-server', ['--version']).status !== 0) {
  console.error('redis-server was not found: limits shared over Redis are not measured');
  process.exit();
}

const results = [];
for (const [table, [title, measure, contestants]] of Object.entries(tables)) {
  if (asked.length > 0 && !asked.includes(table)) continue;
  console.log(`\n${title}`);
  const rows = [];
  for (const contestant of contestants) {
    const figures = await measured(measure, contestant);
    rows.push({ name: contestant[1], ...figures });
    console.log(`  ${contestant[1].padEnd(32)}${figures === undefined ? 'not measured' : shown(figures)}`);
  }
  results.push({ title, rows });
}
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
const file = new URL('results.json', import.meta.url);
const others = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { machine, rows: [] };
const redis = { machine: { ...machine, date: new Date().toISOString().slice(0, 10) }, tables: results };
writeFileSync(file, `${JSON.stringify({ ...others, redis }, null, 2)}\n`);

function of(row) {
  return Object.keys({ even, floor, shared, slots }[row]).map((name) => [row, name]);
}

/** On a Redis of its own. */
async function measured(measure, contestant) {
  const redis = await new BenchRedis().start();
  try {
    return await measure({ redis, contestant });
  } catch (error) {
    console.error(`  ${contestant[1]}: ${error.message}`);
    return undefined;
  } finally {
    await redis.stop();
  }
}

/** Twenty of each process wait at any time; what counts is the server's log. */
async function strict({ redis, contestant }) {
  const server = new StrictServer();
  const url = await server.start();
  const all = await Processes.start(processes, [...contestant, redis.port, limit, intervalMs, 20, url]);
  await redis.admin.config('RESETSTAT');
  const before = await redis.figures();
  all.tell('go');
  await sleep(intervals * intervalMs + 500);
  const done = (await all.ask('count')).map((each) => each.done);
  const { scripts, commands, cpuMicroseconds } = await redis.figures();
  await all.end();
  server.stop();
  const { cameAtMs, answeredAtMs } = server;
  const sum = done.reduce((total, each) => total + each, 0);
  return {
    worstByArrival: worstWindow(cameAtMs, intervalMs) / limit,
    worstByAnswer: worstWindow(answeredAtMs, intervalMs) / limit,
    utilisation: cameAtMs.filter((at) => at < cameAtMs[0] + intervals * intervalMs).length / (limit * intervals),
    scripts: scripts / sum,
    commands: commands / sum,
    redisMicroseconds: (cpuMicroseconds - before.cpuMicroseconds) / sum,
    fairness: Math.min(...done) / Math.max(...done),
  };
}

/** A thousand of each process wait at any time. */
async function pace({ redis, contestant }, count) {
  const all = await Processes.start(count, [...contestant, redis.port, never, neverMs, 1_000]);
  await redis.admin.config('RESETSTAT');
  all.tell('go');
  await sleep(1_000);
  const [first, before, startMs] = [await all.ask('count'), await redis.figures(), performance.now()];
  await sleep(4_000);
  const [last, after, endMs] = [await all.ask('count'), await redis.figures(), performance.now()];
  await all.end();
  const grown = (figure) => last.reduce((sum, each, index) => sum + each[figure] - first[index][figure], 0);
  const done = grown('done');
  return {
    perSecond: (done / (endMs - startMs)) * 1_000,
    commands: (after.commands - before.commands) / done,
    scripts: (after.scripts - before.scripts) / done,
    redisMicroseconds: (after.cpuMicroseconds - before.cpuMicroseconds) / done,
    processMicroseconds: grown('cpuMicroseconds') / done,
  };
}

async function alone({ redis, contestant }) {
  const all = await Processes.start(1, [...contestant, redis.port, never, neverMs, 0]);
  const [{ tookMs }] = await all.ask('once');
  await all.end();
  const sorted = tookMs.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], p99: sorted[Math.floor(sorted.length * 0.99)] };
}

function shown(figures) {
  return Object.entries(figures)
    .map(([figure, value]) => `${figure} ${value >= 100 ? value.toFixed(0) : value.toPrecision(3)}`)
    .join('  ');
}
