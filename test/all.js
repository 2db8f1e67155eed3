// What `npm test` runs: the checks that need no test to be run, side by side, and the suite beside them as soon as there
// is a build, and all that it needs of the machine. Each check tells of itself as it ends; one that fails ends all. What
// stands behind `--` is for vitest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

const failing = new AbortController();
const checks = ['typecheck', 'lint', 'format:check'].map(check);
const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', ...process.argv.slice(2)];
const isReady = await Promise.all([check('build'), run('test/needs.js')]);
if (isReady.every(Boolean)) await run(...vitest);
await Promise.all(checks);

async function check(name) {
  const child = spawn(`npm run --silent ${name} 2>&1`, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([buffer(child.stdout), once(child, 'exit')]);
  process.stdout.write(output);
  console.log(`${name}: ${code === 0 ? 'passed' : 'failed'}`);
  if (code !== 0) fail();
  return code === 0;
}

/** A script that is seen while it runs. */
async function run(...words) {
  if (failing.signal.aborted) return false;
  const child = spawn(process.execPath, words, { stdio: 'inherit' });
  const end = () => child.kill('SIGINT');
  failing.signal.addEventListener('abort', end);
  const [code] = await once(child, 'exit');
  failing.signal.removeEventListener('abort', end);
  if (code !== 0) fail();
  return code === 0;
}

function fail() {
  process.exitCode = 1;
  failing.abort();
}
