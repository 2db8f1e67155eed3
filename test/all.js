// What `npm test` runs: the checks that need no test to be run, side by side, and the suite beside them as soon as there
// is a build. Each check tells of itself as it ends; one that fails ends all. What stands behind `--` is for vitest.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

const failing = new AbortController();
const checks = ['typecheck', 'lint', 'format:check'].map(check);
if (await check('build')) await suite(process.argv.slice(2));
await Promise.all(checks);

async function check(name) {
  const child = spawn(`npm run --silent ${name} 2>&1`, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([buffer(child.stdout), once(child, 'exit')]);
  process.stdout.write(output);
  console.log(`${name}: ${code === 0 ? 'passed' : 'failed'}`);
  if (code !== 0) fail();
  return code === 0;
}

async function suite(words) {
  if (failing.signal.aborted) return;
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', ...words];
  const child = spawn(process.execPath, vitest, { stdio: 'inherit' });
  const end = () => child.kill('SIGINT');
  failing.signal.addEventListener('abort', end);
  const [code] = await once(child, 'exit');
  failing.signal.removeEventListener('abort', end);
  if (code !== 0) fail();
}

function fail() {
  process.exitCode = 1;
  failing.abort();
}
