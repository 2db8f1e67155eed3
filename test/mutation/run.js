// Mutation tests, part by part: all of parts.js, or those named on the command line. Then the table of scores.
// Stryker is installed here alone, and needs Node 22, which comes as the npm package "node" where this is an older one.
import { spawnSync } from 'node:child_process';
import { parts } from './parts.js';
import { printScores } from './scores.js';

const named = process.argv.slice(2);
const here = 'test/mutation';
const stryker = [`${here}/node_modules/@stryker-mutator/core/bin/stryker.js`, 'run', `${here}/stryker.config.js`];
const isOld = Number(process.versions.node.split('.')[0]) < 22;
const [command, ...args] = isOld
  ? ['npx', '--yes', '--package', 'node@22', '--', 'node', ...stryker]
  : ['node', ...stryker];

spawnSync('npm', ['ci', '--silent', '--prefix', here], { stdio: 'inherit' });
for (const { name } of parts.filter((part) => named.length === 0 || named.includes(part.name))) {
  console.log(`\n${name}`);
  const env = { SLUICE_RUNS: '0.2', ...process.env, SLUICE_MUTATED: name };
  const { status } = spawnSync(command, args, { stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}
printScores();
