import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { floors } from './floors.js';

const code = new Map(
  ['src', 'operators', 'bin']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [file, withoutComments(readFileSync(file, 'utf8'))]),
);
const imports = [...code].flatMap(([file, text]) =>
  [...text.matchAll(/(?:(?:im|ex)port\s+(type\s)?[^;']*?\sfrom|import)\s*\(?\s*'([^']+)'/g)].map(
    ([, type, target = '']) => ({ file, target, isType: type !== undefined }),
  ),
);
const inner = imports
  .filter(({ target }) => target.startsWith('.'))
  .map(({ file, target, isType }) => ({
    file,
    isType,
    target: normalize(join(dirname(file), target)).replace(/\.js$/, '.ts'),
  }));

describe('the layers', () => {
  it('should only ever import downwards', () => {
    const upward = inner.filter(({ file, target }) => floorOf(target) < floorOf(file));
    expect(upward.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('should have no import of a file that is not there', () => {
    expect(inner.filter(({ target }) => !code.has(target))).toEqual([]);
  });

  it('should have no cycle, type imports counted', () => {
    expect(cycles()).toEqual([]);
  });

  it('should keep the engine free of RxJS', () => {
    const strays = imports.filter(({ file, target }) => file.startsWith('src/') && /^rxjs(\/|$)/.test(target));
    expect(strays).toEqual([]);
  });

  it('should ask for OpenTelemetry in its own entry alone', () => {
    const isPart = /^(src|operators)\/otel\//;
    const users = imports.filter(({ target }) => target.startsWith('@opentelemetry/')).map(({ file }) => file);
    const importers = inner.filter(({ target }) => isPart.test(target)).map(({ file }) => file);
    expect(users).not.toEqual([]);
    expect([...users, ...importers].filter((file) => !isPart.test(file))).toEqual([]);
  });

  it('should keep barrels for users: nothing beside one imports it', () => {
    const strays = inner.filter(({ file, target }) => target === `${dirname(file)}/index.ts`);
    expect(strays).toEqual([]);
  });
});

describe('what a browser bundles', () => {
  const bundled = reached([
    'operators/index.ts',
    'operators/sse/index.ts',
    'operators/otel/index.ts',
    'src/http/browser.ts',
  ]);
  const allowed = ['rxjs', 'zod/mini', 'zod/locales', '@opentelemetry/api', 'structured-headers'];

  it('should need nothing of Node, no HTTP client, and of zod the small one alone', () => {
    const strays = imports.filter(
      ({ file, target, isType }) =>
        bundled.has(file) && !isType && !target.startsWith('.') && !allowed.includes(target),
    );
    expect(strays.map(({ file, target }) => `${file} -> ${target}`)).toEqual([]);
  });

  it('should hold nothing of Kling but the figures of its tiers', () => {
    const ofKling = [...bundled].filter((file) => /^src\/(kling|simulator)\//.test(file));
    expect(ofKling).toEqual(['src/kling/tiers.ts']);
  });
});

describe('the doors of time and chance', () => {
  const doors = [
    { what: 'a timer', pattern: /\b(setTimeout|setInterval|setImmediate)\s*\(/, allowed: ['src/clock.ts'] },
    { what: 'the wall clock', pattern: /\bDate\.now\s*\(|new Date\(\)/, allowed: ['src/clock.ts'] },
    { what: 'the monotonic clock', pattern: /\bperformance\.now\s*\(/, allowed: ['src/clock.ts'] },
    // As a default it is named, not called.
    { what: 'chance', pattern: /\bMath\.random\s*\(/, allowed: [] },
  ];

  it.each(doors)('should let $what in at its door alone', ({ pattern, allowed }) => {
    const strays = [...code]
      .filter(([file, text]) => pattern.test(text) && !allowed.includes(file))
      .map(([file]) => file);
    expect(strays).toEqual([]);
  });
});

function floorOf(file: string): number {
  return floors.findIndex((prefixes) => prefixes.some((prefix) => file.startsWith(prefix)));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** The files that these import, and those that they import in turn; types alone do not count. */
function reached(entries: readonly string[]): ReadonlySet<string> {
  const found = new Set(entries);
  for (const file of found) {
    for (const { target } of inner.filter((it) => it.file === file && !it.isType)) found.add(target);
  }
  return found;
}

/** Every import that leads back to its own file, as `a -> b -> a`. */
function cycles(): readonly string[] {
  const found: string[] = [];
  const settled = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) return void found.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (settled.has(file)) return;
    for (const { target } of inner.filter((it) => it.file === file)) visit(target, [...path, file]);
    settled.add(file);
  };
  for (const file of code.keys()) visit(file, []);
  return found;
}
