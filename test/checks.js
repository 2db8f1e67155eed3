// What needs no test to be run, side by side: each tells of itself as it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';

const checks = ['typecheck', 'lint', 'format:check', 'build'];

const outcomes = await Promise.all(checks.map(run));
process.exitCode = outcomes.every((isFine) => isFine) ? 0 : 1;

async function run(name) {
  const child = spawn(`npm run --silent ${name} 2>&1`, { shell: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([buffer(child.stdout), once(child, 'exit')]);
  process.stdout.write(output);
  console.log(`${name}: ${code === 0 ? 'passed' : 'failed'}`);
  return code === 0;
}
