import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

/** What people write; the reference is made from the sources, the report lists them. */
const pages = ['README.md', ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name}`)]
  .filter((page) => page.endsWith('.md'))
  .filter((page) => !/^docs\/(node_modules|reference|\.vitepress)\//.test(page) && page !== 'docs/api-report.md');
/** Every TypeScript block of a page, as a module of its own beside the sources. */
const snippets = new Map(
  pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, code = ''], index) => [resolve(`${page.replace(/\W/g, '-')}-${index + 1}.mts`), code] as const,
    ),
  ),
);

it('should have snippets that compile, each on its own', { timeout: 120_000 }, () => {
  const options: ts.CompilerOptions = {
    ...ts.parseJsonConfigFileContent(
      ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)).config,
      ts.sys,
      '.',
    ).options,
    noEmit: true,
    noUnusedLocals: false,
    paths: sources(),
  };
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.readFile = (path) => snippets.get(path) ?? disk.readFile(path);
  host.fileExists = (path) => snippets.has(path) || disk.fileExists(path);
  const program = ts.createProgram([...snippets.keys()], options, host);

  const problems = ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file !== undefined && snippets.has(file.fileName))
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
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
