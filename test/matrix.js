// Runs what does not depend on this machine's Node (all but the command line and its child processes) under other Nodes,
// which come as the npm package "node".
import { spawnSync } from 'node:child_process';

const versions = ['22', '24'];
const suite = [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'test/vitest.config.ts',
  '--exclude',
  'test/bin/**',
];

for (const version of versions) {
  console.log(`\nNode ${version}`);
  const { status } = spawnSync('npx', ['--yes', '--package', `node@${version}`, '--', 'node', ...suite], {
    stdio: 'inherit',
    env: { ...process.env, SLUICE_EXPECTED_NODE: version },
  });
  if (status !== 0) process.exit(status ?? 1);
}
