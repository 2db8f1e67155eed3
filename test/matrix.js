// Runs on what is not this machine's Node: the packed package, installed as anybody would, on every runtime that npm has
// (test/package/smoke.js); then the tests that need no process of their own on other Nodes. `--smoke` leaves these out.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Nodes come as the npm package "node". */
const node = (version) => ['npx', '--yes', '--package', `node@${version}`, '--', 'node'];
const runtimes = [
  // The oldest that package.json allows.
  { name: 'Node 20.19.0', command: node('20.19.0'), requires: true },
  { name: 'Node 22', command: node('22'), requires: true },
  { name: 'Node 24', command: node('24'), requires: true },
  { name: 'Deno 2', command: ['npx', '--yes', 'deno@2', 'run', '--allow-all'] },
  // Bun puts something of its own in the place of undici, which has no `close`, and tells no errors apart.
  { name: 'Bun 1', command: ['npx', '--yes', 'bun@1'], without: ['sluice/kling, downloads'] },
];
const entries = ['', '/forecast', '/kling', '/journal', '/http', '/sse', '/simulator', '/redis'].map(
  (it) => `sluice${it}`,
);
const suite = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts', '--project', 'together'];
const failed = [];

const project = mkdtempSync(join(tmpdir(), 'sluice-matrix-'));
const redis = await startRedis();
try {
  install();
  check(
    'the types of all packages',
    [process.execPath, resolve('node_modules/typescript/bin/tsc')],
    ['--project', '.'],
  );
  for (const { name, command, requires, without = [] } of runtimes) {
    const flags = without.flatMap((it) => ['--without', it]);
    check(`${name}: import`, command, ['smoke.js', ...flags]);
    if (requires) check(`${name}: require`, command, ['required.cjs']);
  }
} finally {
  redis?.process.kill();
  rmSync(project, { recursive: true, force: true });
}
for (const version of process.argv.includes('--smoke') ? [] : ['22', '24']) {
  check(`Node ${version}: the suite`, node(version), suite, { cwd: '.', SLUICE_EXPECTED_NODE: version });
}

console.log(failed.length === 0 ? '\nall of it passed' : `\nfailed: ${failed.join('; ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function check(name, [file, ...first], args, { cwd = project, ...environment } = {}) {
  console.log(`\n${name}`);
  const env = { ...process.env, ...(redis && { SLUICE_REDIS_URL: redis.url }), ...environment };
  const { status } = spawnSync(file, [...first, ...args], { cwd, env, stdio: 'inherit' });
  if (status !== 0) failed.push(name);
}

/** From the registry, but for the package itself. */
function install() {
  const { stdout } = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', project]);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'theirs', private: true, type: 'module' }));
  const packages = [join(project, String(stdout).trim()), 'rxjs@7', 'redis@6', '@types/node@20'];
  const { status } = spawnSync('npm', ['install', '--no-audit', '--no-fund', ...packages], {
    cwd: project,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('cannot install the package');
  copyFileSync('test/package/smoke.js', join(project, 'smoke.js'));
  const required = entries.map((name) => `console.log('ok      ${name}', Object.keys(require('${name}')).length);`);
  writeFileSync(join(project, 'required.cjs'), required.join('\n'));
  writeFileSync(
    join(project, 'types.ts'),
    entries.map((name, index) => `export * as it${index} from '${name}';`).join('\n'),
  );
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    module: 'nodenext',
    target: 'es2022',
    noEmit: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['types.ts'] }));
}

/** Undefined where there is none: what needs it is left out. */
async function startRedis() {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  const server = spawn('redis-server', [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--dir',
    tmpdir(),
  ]);
  await new Promise((ready) => {
    server.stdout.setEncoding('utf8').on('data', (text) => text.includes('Ready to accept') && ready());
  });
  return { process: server, url: `redis://127.0.0.1:${port}` };
}
