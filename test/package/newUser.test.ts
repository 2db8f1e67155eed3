import { spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type Simulator } from '../../src/simulator/server.js';
import { problemsBy } from '../compiler.js';
import { RedisServer } from '../redis/redisServer.js';
import { ExampleCom } from './exampleCom.js';
import { emptyProject, link, pack, run } from './packed.js';
import { examples, expectationOf } from './readme.js';

const entries = ['forecast', 'kling', 'journal', 'http', 'sse', 'simulator', 'redis'].map((name) => `sluice/${name}`);
const readme = examples().map((example, index) => ({ ...example, number: index + 1 }));
const project = emptyProject();
let exampleCom: ExampleCom;
let simulator: Simulator;
let redis: RedisServer | undefined;

beforeAll(async () => {
  const tarball = await pack(project);
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'];
  await run('npm', ['install', ...quiet, tarball, 'rxjs'], { cwd: project });
  await mkdir(join(project, 'readme'));
  for (const { number, code } of readme) await writeFile(pathOf(number), code);
  await writeFile(join(project, 'prompts.txt'), 'a lighthouse\na cat\n');
  for (const name of ['elsewhere.js', 'smoke.js']) await copyFile(`test/package/${name}`, join(project, name));
  exampleCom = await ExampleCom.start();
  simulator = await startSimulator({
    tier: 'enterprise',
    tasks: 50,
    requests: 'off',
    speed: 40,
    taskMs: { min: 20_000, max: 20_000 },
    apiKeys: ['sim-key', 'your-key'],
    accessKeys: { 'your-access-key': 'your-secret-key-of-some-length' },
  });
});

afterAll(async () => {
  exampleCom.stop();
  await Promise.all([simulator.stop(), redis?.stop()]);
});

describe('somebody who has installed the package and rxjs', () => {
  it('should have it in plain JavaScript', async () => {
    const { stdout } = await run(process.execPath, ['smoke.js'], { cwd: project });
    expect(stdout).not.toMatch(/^failed/m);
    expect(stdout).toMatch(/^ok +sluice\/kling/m);
  });

  it('should have its command', async () => {
    const { stdout } = await run('node_modules/.bin/sluice', ['plan', 'prompts.txt', '--json'], { cwd: project });
    expect(JSON.parse(stdout)).toMatchObject({ prompts: 2, made: 2 });
  });

  it('should need no types but those of rxjs for the operators', async () => {
    const operators = await module('operators.mts', ['sluice', 'sluice/sse']);
    expect(await problems([operators], { module: 'nodenext', types: [], noEmit: true })).toEqual([]);
  });

  it('should need those of Node for the rest, and no more', async () => {
    await link(project, ['@types/node', 'undici-types']);
    const everything = await module('everything.mts', ['sluice', ...entries]);
    const examples = readme.filter(({ code }) => !code.includes("from 'redis'")).map(({ number }) => pathOf(number));
    const options = { module: 'nodenext', types: ['node'], noEmit: true };
    expect(await problems([everything, ...examples], options)).toEqual([]);
  });
});

describe('the examples of the README', () => {
  beforeAll(async () => {
    // What examples need beside the package: theirs to install.
    await link(project, ['@types/node', 'undici-types', 'redis', '@opentelemetry/api']);
    if (await hasRedis()) redis = await RedisServer.start();
  });

  it('should compile, each as a module of its own, where a bundler resolves modules, too', async () => {
    const files = [
      await module('all.mts', ['sluice', 'sluice/otel', ...entries]),
      ...readme.map(({ number }) => pathOf(number)),
    ];
    const options = {
      module: 'esnext',
      moduleResolution: 'bundler',
      types: ['node'],
      rootDir: project,
      outDir: 'built',
    };
    expect(await problems(files, options)).toEqual([]);
  });

  it.concurrent.each(readme)('should run: $title', async (example) => {
    const { lines, isUnordered, prints = [], stopAfter } = expectationOf(example) ?? {};
    if (example.code.includes('redis://') && redis === undefined) return;
    const told = await runExample(example.number);
    const printed = told.stdout.split('\n').slice(0, stopAfter ?? -1);
    expect(told.stderr).toBe('');
    expect(told.code).toBe(stopAfter === undefined ? 0 : null);
    if (lines !== undefined) expect(isUnordered === true ? printed.sort() : printed).toEqual(lines);
    expect(prints.filter((pattern) => !pattern.test(told.stdout))).toEqual([]);
  });

  it('should have asked servers as it says', () => {
    expect(exampleCom.count('/api')).toBe(2);
    expect(exampleCom.count('/tasks/task-1')).toBe(3);
  });

  it('should pay for nothing that a journal has', async () => {
    const paid = readme.find(({ code }) => code.includes("fileJournal({ directory: 'monday' })"));
    const before = simulator.books().tasks.length;
    const { stdout } = await runExample(paid!.number);
    expect(stdout.trim().split('\n').sort()).toEqual([
      'a cat that yawns succeeded true',
      'a lighthouse in a storm succeeded true',
    ]);
    expect(simulator.books().tasks.length).toBe(before);
  });
});

function pathOf(number: number): string {
  return join(project, `readme/${number}.mts`);
}

/** A module that takes all of these entry points. */
async function module(name: string, from: readonly string[]): Promise<string> {
  const path = join(project, name);
  const imports = from.map((entry, index) => `import * as it${index} from '${entry}';`);
  await writeFile(
    path,
    [...imports, `export const all = [${from.map((_, index) => `it${index}`).join(', ')}];`].join('\n'),
  );
  return path;
}

/** TypeScript at its strictest, as somebody runs it in a project of their own; the declarations of all packages are checked, too. */
function problems(files: readonly string[], options: object): Promise<readonly string[]> {
  const strict = ['strict', 'exactOptionalPropertyTypes', 'noUncheckedIndexedAccess', 'verbatimModuleSyntax'];
  const compilerOptions = {
    ...Object.fromEntries(strict.map((name) => [name, true])),
    target: 'es2022',
    lib: ['es2023', 'dom', 'dom.iterable'],
    ...options,
  };
  return problemsBy(join(project, 'tsconfig.json'), { compilerOptions, files });
}

async function hasRedis(): Promise<boolean> {
  return run('redis-server', ['--version']).then(
    () => true,
    () => false,
  );
}

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** Null: it was stopped. */
  readonly code: number | null;
}

/** Runs what the compiler made of an example, in the folder of the project. Of its text only the address of Redis is changed. */
async function runExample(number: number): Promise<Ran> {
  const file = join(project, `built/readme/${number}.mjs`);
  const code = await readFile(file, 'utf8');
  if (redis !== undefined) await writeFile(file, code.replace('redis://localhost:6379', redis.url));
  const { stopAfter, speed = 40 } = expectationOf(readme[number - 1]!) ?? {};
  const environment = {
    EXAMPLE_COM: exampleCom.url,
    KLING: simulator.url,
    KLING_API_KEY: 'sim-key',
    SPEED: `${speed}`,
  };
  const child = spawn(process.execPath, ['--import', './elsewhere.js', file], {
    cwd: project,
    env: { ...process.env, ...environment, NO_COLOR: '1' },
    timeout: 50_000,
  });
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stopAfter !== undefined && stdout.split('\n').length > stopAfter) child.kill();
  });
  const code_ = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { stdout, stderr, code: code_ };
}
