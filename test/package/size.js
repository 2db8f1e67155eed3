// Prints what each entry point and each operator alone weighs in somebody's bundle: minified, gzipped, without rxjs and
// OpenTelemetry, which are their own. `--json` writes all that is known of each; a folder takes the package that is
// installed there instead of this checkout's build.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean' } }, allowPositionals: true });
const project = resolve(positionals[0] ?? `${import.meta.dirname}/../..`);
const budgets = JSON.parse(readFileSync(`${import.meta.dirname}/budgets.json`, 'utf8'));

const bundles = await Promise.all(Object.entries(budgets).map(([name, budget]) => bundled(name, budget)));
if (values.json) console.log(JSON.stringify(bundles));
else for (const bundle of bundles) console.log(lineOf(bundle));

/** `sluice/sse` is all of it; `sluice { rateLimit }` is what a bundle has that imports this alone. */
async function bundled(name, budget) {
  const [, entry, names = '*'] = /^(\S+)(?: (\{.*\}))?$/.exec(name);
  const start = { id: '\0start', code: `export ${names} from '${entry}';` };
  const bundle = await rolldown({
    input: start.id,
    platform: 'browser',
    external: [/^rxjs$/, /^@opentelemetry\/api$/, /^node:/],
    logLevel: 'silent',
    plugins: [
      {
        name: 'start',
        load: (id) => (id === start.id ? start.code : undefined),
        resolveId(id, from) {
          if (id === start.id) return id;
          return from === start.id ? this.resolve(id, join(project, 'start.js')) : undefined;
        },
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false });
  await bundle.close();
  const [{ code, imports, modules }] = output;
  const weights = Object.entries(modules)
    .map(([id, { renderedLength }]) => ({ module: nameOf(id), bytes: renderedLength }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return { name, budget, bytes: gzipSync(code, { level: 9 }).length, imports, modules: weights };
}

/** The path from the package's name on: `zod/v4/core/schemas.js`, `sluice/operators/rateLimit.js`. */
function nameOf(id) {
  return id
    .replace(/^.*\/node_modules\//, '')
    .replace(`${project}/`, 'sluice/')
    .replace('sluice/dist/', 'sluice/');
}

function lineOf({ name, bytes, budget, imports }) {
  const builtIns = imports.filter((it) => it.startsWith('node:'));
  return [
    name.padEnd(36),
    `${(bytes / 1_000).toFixed(1).padStart(6)} kB`,
    `${Math.round((bytes / budget) * 100)} % of its budget`.padStart(20),
    builtIns.length === 0 ? '' : `needs ${builtIns.join(', ')}`,
  ]
    .join('  ')
    .trimEnd();
}
