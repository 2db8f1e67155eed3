import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { problemsBy } from './compiler.js';

/** What people write; the reference is made from the sources, the report lists them. */
const pages = ['README.md', ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)]
  .filter((page) => page.endsWith('.md'))
  .filter((page) => !/^docs\/(node_modules|reference|\.vitepress)\//.test(page) && page !== 'docs/api-report.md');
/** Every TypeScript block of a page, as a module of its own. */
const snippets = new Map(
  pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, code = ''], index) => [`${page.replace(/\W/g, '-')}-${index + 1}.mts`, code] as const,
    ),
  ),
);

it('should have snippets that compile, each on its own', async () => {
  const folder = resolve('coverage/snippets');
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, code] of snippets) writeFileSync(join(folder, name), code);
  const problems = await problemsBy(join(folder, 'tsconfig.json'), {
    extends: resolve('tsconfig.json'),
    // What they import by a path, they import as if they stood at the top.
    compilerOptions: { noEmit: true, noUnusedLocals: false, rootDirs: [resolve(), folder], paths: sources() },
    files: [...snippets.keys()],
    include: [],
  });
  expect(problems).toEqual([]);
  expect(snippets.size).toBeGreaterThan(5);
});

/** Each entry point of the package, and the source behind it. */
function sources(): Record<string, string[]> {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { types: string }>;
  };
  return Object.fromEntries(
    Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string'
        ? []
        : [[path.replace('.', 'sluice'), [resolve(target.types.replace('./dist/', '').replace('.d.ts', '.ts'))]]],
    ),
  );
}
