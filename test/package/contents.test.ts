import { checkPackage, createPackageFromTarballData, type Problem } from '@arethetypeswrong/core';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyProject, pack, run, unpack } from './packed.js';

interface PackageJson {
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly exports: Record<string, string | Record<string, string>>;
  readonly bin: Record<string, string>;
}

const { dependencies, peerDependencies, exports, bin } = JSON.parse(
  readFileSync('package.json', 'utf8'),
) as PackageJson;
const targets = Object.values(exports).flatMap((target) => (typeof target === 'string' ? [] : [target]));
const entries = Object.keys(exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace('.', 'sluice'));
const project = emptyProject();
let tarball = '';
let installed = '';
let files: readonly string[] = [];

beforeAll(async () => {
  tarball = await pack(project);
  installed = await unpack(tarball, [...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
  const found = await readdir(installed, { recursive: true, withFileTypes: true });
  files = found.filter((it) => it.isFile()).map((it) => join(it.parentPath, it.name).slice(installed.length + 1));
});

describe('the tarball', () => {
  it('should hold what somebody needs, and nothing else', () => {
    const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];
    const expected = /^dist\/((src|operators)\/[\w/]+\.(js|d\.ts)|bin\/[\w/]+\.js)$/;
    expect(files.filter((file) => !expected.test(file)).sort()).toEqual(papers);
  });

  it('should have a file for each entry point and command', () => {
    const due = [...targets.flatMap((target) => Object.values(target)), ...Object.values(bin)];
    expect(due.map((file) => file.replace('./', '')).filter((file) => !files.includes(file))).toEqual([]);
  });

  it('should have types beside all that can be imported', () => {
    const scripts = files.filter((file) => /^dist\/(src|operators)\/.*\.js$/.test(file));
    expect(scripts.filter((file) => !files.includes(file.replace(/\.js$/, '.d.ts')))).toEqual([]);
  });

  it('should point to nothing that is left at home', async () => {
    const texts = await Promise.all(
      files
        .filter((file) => /\.(js|d\.ts)$/.test(file))
        .map(async (file) => ({ file, text: await readFile(join(installed, file), 'utf8') })),
    );
    const strays = texts.flatMap(({ file, text }) => {
      const imported = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path = '']) =>
        join(file, '..', path),
      );
      return [
        ...imported.filter((path) => !files.includes(path)).map((path) => `${file} -> ${path}`),
        ...(text.includes('sourceMappingURL') ? [`${file}: a source map`] : []),
      ];
    });
    expect(strays).toEqual([]);
  });
});

describe('what checks packages', () => {
  it('publint should have nothing to say, suggestions included', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, pack: false, level: 'suggestion', strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it('should find the types right wherever they are looked for', async () => {
    const analysis = await checkPackage(createPackageFromTarballData(await readFile(tarball)));
    if (analysis.types === false) throw new Error('no types at all');
    expect(Object.keys(analysis.entrypoints).map((path) => path.replace('.', 'sluice'))).toEqual(
      expect.arrayContaining(entries),
    );
    expect(analysis.problems.filter((problem) => !isByDesign(problem))).toEqual([]);
  });
});

describe('each entry point', () => {
  it('should export what its types say, to import and to require', async () => {
    const said = exportsByTypes();
    expect(said.get('sluice')).toEqual(expect.arrayContaining(['rateLimit', 'createLimiter', 'OptionsError']));
    const expected = Object.fromEntries(said);
    expect(await exportsOf('await import(name)')).toEqual(expected);
    expect(await exportsOf('createRequire(`${process.cwd()}/theirs.js`)(name)')).toEqual(expected);
  });
});

/**
 * What is not a mistake here. The package is ES modules alone: `require` takes them from Node 20.19 on, while TypeScript
 * wants `module: nodenext` for it. The resolution of Node 10 (and of `moduleResolution: node`) knows no `exports`.
 */
function isByDesign(problem: Problem): boolean {
  if (problem.kind === 'CJSResolvesToESM') return true;
  return problem.kind === 'NoResolution' && problem.resolutionKind === 'node10';
}

/** The names of the values that the declarations of each entry point have. */
function exportsByTypes(): ReadonlyMap<string, readonly string[]> {
  const declared = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: path.replace('.', 'sluice'), file: join(installed, target['types'] ?? '') }],
  );
  const program = ts.createProgram(
    declared.map(({ file }) => file),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, skipLibCheck: true, noLib: true },
  );
  const checker = program.getTypeChecker();
  return new Map(
    declared.map(({ name, file }) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
      const values = checker.getExportsOfModule(module).filter((symbol) => {
        if (symbol.declarations?.some((node) => ts.isTypeOnlyImportOrExportDeclaration(node))) return false;
        const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
        return (target.flags & ts.SymbolFlags.Value) !== 0;
      });
      return [name, values.map((symbol) => symbol.name).sort()];
    }),
  );
}

/** The names that a Node of its own gets, in the project that has the package installed. */
async function exportsOf(loading: string): Promise<unknown> {
  const script = `
    import { createRequire } from 'node:module';
    const found = {};
    for (const name of ${JSON.stringify(entries)}) found[name] = Object.keys(${loading}).sort();
    console.log(JSON.stringify(found));
  `;
  const flags = ['--input-type=module', '--eval', script];
  const { stdout } = await run(process.execPath, flags, { cwd: join(installed, '../..') });
  return JSON.parse(stdout);
}
