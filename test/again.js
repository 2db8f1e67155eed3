// `npm run test:again -- 50` runs the suite until it has passed that often in a row. Each run is a line of
// coverage/again.log, so that a row may be left with Ctrl-C, and goes on the next time; a run that fails ends it.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';

const [wanted] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(wanted ?? '')) {
  console.error('how often? For example: npm run test:again -- 50');
  process.exit(2);
}

const log = 'coverage/again.log';
const reporters = ['dot', `${import.meta.dirname}/closingLine.ts`].map((name) => `--reporter=${name}`);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', ...reporters];

mkdirSync('coverage', { recursive: true });
// The suite is told of it, too, and ends.
let isInterrupted = false;
process.on('SIGINT', () => (isInterrupted = true));

let row = passedSinceFailure();
while (row < Number(wanted)) {
  console.log(`run ${row + 1} of ${wanted}`);
  const startMs = performance.now();
  const [code] = await once(spawn(process.execPath, vitest, { stdio: 'inherit' }), 'exit');
  if (isInterrupted) process.exit(130);
  const minutes = ((performance.now() - startMs) / 60_000).toFixed(1);
  const commit = execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim();
  appendFileSync(log, `${code === 0 ? 'passed' : 'failed'} at ${commit} in ${minutes} minutes\n`);
  if (code !== 0) process.exit(1);
  row++;
}
console.log(`passed ${row} times in a row: ${log}`);

function passedSinceFailure() {
  if (!existsSync(log)) return 0;
  const runs = readFileSync(log, 'utf8').trimEnd().split('\n');
  return runs.length - 1 - runs.findLastIndex((run) => run.startsWith('failed'));
}
