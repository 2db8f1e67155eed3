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

if (missing.length > 0) {
  if (canInstall) install();
  else goWithout();
}

function install() {
  for (const { debianPackage, for: purpose } of missing) {
    console.log(`installing ${debianPackage} from Debian, for ${purpose}`);
  }
  const packages = missing.map(({ debianPackage }) => debianPackage);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quietly = { stdio: ['ignore', 'ignore', 'inherit'], env };
  // A mirror that fails once is asked again.
  const apt = (...words) => execFileSync('apt-get', ['-qq', '-o', 'Acquire::Retries=3', ...words], quietly);
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}

function goWithout() {
  for (const { debianPackage, for: purpose } of missing) {
    console.log(`skipped: ${purpose}; to run it: apt-get install ${debianPackage}`);
  }
  if (process.env['CI'] === 'true') process.exit(1);
}
