// Side by side, in one run: prints a table, writes results.json. `npm run bench` at the root installs the peers first.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { atOnce, keyed, open, queued, rated } from './contestants.js';

const abortable = ['sluice limiter.run', 'p-queue', 'p-queue strict'];
/** What would run for minutes is left out, and shown as such. */
const tooSlow = (name, n) =>
  (n >= 1e5 && name === 'bottleneck') || (n >= 1e6 && ['rxjs mergeMap', 'p-queue'].includes(name));
const paces = [1e4, 1e5, 1e6];

const rows = [
  ...paces.map((n) =>
    row('atOnce', `five at once, ${n} trivial tasks, ns an item`, Object.keys(atOnce), n, 'nanoseconds'),
  ),
  row('open', 'a rate that does not bind, 100000 admissions, ns an item', Object.keys(open), 1e5, 'nanoseconds'),
  row('keyed', 'five at once, 100000 trivial tasks of many keys, ns an item', Object.keys(keyed), 1e5, 'nanoseconds'),
  row('queued', '100000 wait and leave at 50000 a second, CPU us an item', Object.keys(queued), 1e5, 'cpuMicroseconds'),
  row('queued', '100000 wait, heap bytes an item', Object.keys(queued), 1e5, 'heapBytes'),
  row('window', 'worst window over limit, 10 per 200 ms', Object.keys(rated), 0, 'ratio'),
  row('aborted', 'the next start after ten aborted waiters, in intervals (1 is ideal)', abortable, 0, 'intervals'),
  row('peak', 'peak memory of 1000000 tasks, five at once, MB', Object.keys(atOnce), 1e6, 'megabytes'),
];

const { cpus } = await import('node:os');
const machine = {
  node: process.version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  date: new Date().toISOString().slice(0, 10),
};
writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify({ machine, rows }, null, 2)}\n`);

function row(kind, title, names, n, figure) {
  console.log(`\n${title}`);
  const results = names.map((name) => {
    const value = tooSlow(name, n) ? undefined : measure(kind, name, n)?.[figure];
    console.log(`  ${name.padEnd(26)}${value === undefined ? 'not measured' : value.toPrecision(4)}`);
    return { name, value };
  });
  return { title, figure, results };
}

function measure(kind, name, n) {
  const script = new URL('measure.js', import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script, kind, name, String(n)], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (status === 0) return JSON.parse(stdout);
  console.error(`  ${name}: ${stderr.trim().split('\n').at(-1) || 'took over two minutes'}`);
  return undefined;
}
