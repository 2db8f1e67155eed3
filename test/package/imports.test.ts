import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyProject, pack, run, unpack } from './packed.js';

const { dependencies, peerDependencies, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'peerDependencies' | 'exports',
  Record<string, unknown>
>;
const others = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
const entries = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'sluice'));
const project = emptyProject();

beforeAll(async () => {
  await unpack(await pack(project), others);
});

/** Runs a module in the project, to its own end; gives what it wrote, read as JSON. */
async function evaluated(script: string): Promise<unknown> {
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: project,
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('an import of any entry point', () => {
  it('should change nothing, and hold nothing that keeps a process alive', async () => {
    // What our dependencies do as they are loaded, and zod with its first schema, is not ours: they go first.
    const told = await evaluated(`
      for (const name of ${JSON.stringify(others.filter((name) => name !== 'commander'))}) await import(name);
      const [{ config, object }] = await Promise.all([import('zod'), import('zod/mini'), import('zod/locales')]);
      object({}).parse({});
      const picture = () => ({
        globals: Reflect.ownKeys(globalThis).map(String),
        values: [fetch, setTimeout, queueMicrotask, console.log, process.emit].map(String),
        dispatcher: Reflect.ownKeys(globalThis[Symbol.for('undici.globalDispatcher.1')] ?? {}).map(String),
        builtIns: Object.fromEntries(
          [Object, Function, Array, Map, Set, Promise, Error, String, Number, Symbol, Date, AbortSignal].map((type) => [
            type.name,
            [...Reflect.ownKeys(type), ...Reflect.ownKeys(type.prototype)].map(String),
          ]),
        ),
        listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
        environment: Object.keys(process.env),
        zod: Object.keys(config()),
        resources: process.getActiveResourcesInfo(),
      });
      const before = picture();
      for (const name of ${JSON.stringify(entries)}) await import(name);
      console.log(JSON.stringify({ before, after: picture() }));
    `);
    const { before, after } = told as { readonly before: unknown; readonly after: unknown };
    expect(after).toEqual(before);
  });

  it('should be left out of a bundle that takes nothing of it', async () => {
    await writeFile(join(project, 'start.js'), entries.map((name) => `import '${name}';`).join('\n'));
    const bundle = await rolldown({ input: join(project, 'start.js'), logLevel: 'silent', external: [/^node:/] });
    const { output } = await bundle.generate({ minify: true });
    await bundle.close();
    expect(output.map(({ fileName }) => fileName)).toEqual(['start.js']);
    expect(output[0].code.trim().slice(0, 200)).toBe('');
  });
});

it('should give each error a name of its own, which no minifier takes away', async () => {
  const nameless = await evaluated(`
    const modules = await Promise.all(${JSON.stringify(entries)}.map((name) => import(name)));
    const errors = modules
      .flatMap((module) => Object.entries(module))
      .filter(([name, it]) => it.prototype instanceof Error && name !== 'SluiceError');
    const isNamed = ([name, type]) => String(type).includes(\`name = '\${name}'\`);
    console.log(JSON.stringify([errors.length, ...errors.filter((it) => !isNamed(it)).map(([name]) => name)]));
  `);
  expect(nameless).toEqual([expect.any(Number)]);
  expect(nameless).not.toEqual([0]);
});

it('should publish what happens to limiters on the diagnostics channel of Node', async () => {
  const told = await evaluated(`
    import { subscribe } from 'node:diagnostics_channel';
    import { concurrency, createLimiter } from 'sluice';
    const types = [];
    subscribe('sluice:limiter', ({ event }) => types.push(event.type));
    await createLimiter({ limits: [concurrency({ limit: 1 })] }).run(() => {});
    console.log(JSON.stringify(types));
  `);
  expect(told).toEqual(['admitted']);
});
