// What the suite needs from the machine beside Node. Root on Debian: installed here, after saying so. Elsewhere: said in a
// line each, and the tests that need it are skipped; with CI=true a skipped part is a failure.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const needs = [
  { command: 'tmux', flag: '-V', debianPackage: 'tmux', for: 'the progress bars on a real terminal' },
  { command: 'redis-server', flag: '--version', debianPackage: 'redis-server', for: 'limits that processes share' },
  { command: 'chromium', flag: '--version', debianPackage: 'chromium', for: 'pages in a real browser' },
];

const missing = needs.filter(({ command, flag }) => spawnSync(command, [flag]).status !== 0);
const canInstall = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');

for (const need of missing) {
  if (canInstall) install(need);
  else console.log(`skipped: ${need.for}; to run it: apt-get install ${need.debianPackage}`);
}
if (missing.length > 0 && !canInstall && process.env['CI'] === 'true') process.exit(1);

function install({ debianPackage, for: purpose }) {
  console.log(`installing ${debianPackage} from Debian, for ${purpose}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 'inherit'], env });
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
}
