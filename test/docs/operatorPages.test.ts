import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { rowsOf } from './pageTable.js';

const optionsOf = {
  rateLimit: 'RateLimitOptions',
  concurrencyLimit: 'ConcurrencyLimitOptions',
  retryWithJitter: 'RetryWithJitterOptions',
  pollUntilDone: 'PollUntilDoneOptions',
  pullFrom: 'PullFromOptions',
  generate: 'GenerateOptions',
  createRequestQueue: 'RequestQueueOptions',
};
const pages = Object.entries(optionsOf).map(([operator, type]) => {
  return { operator, type, page: readFileSync(`docs/operators/${operator}.md`, 'utf8') };
});

/** Our own sources alone: the options are declared there, and packages would take longer to read than all of them. */
const sources = ['operators', 'src'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
);
const program = ts.createProgram(
  sources.filter((file) => file.endsWith('.ts')),
  {
    module: ts.ModuleKind.NodeNext,
    noResolve: true,
    lib: ['lib.es5.d.ts'],
    strict: true,
    types: [],
  },
);
const checker = program.getTypeChecker();
const front = checker.getSymbolAtLocation(program.getSourceFile('operators/index.ts')!)!;

describe('the page of each operator', () => {
  it.each(pages)('should list the options of $type, which must be given, and their defaults', ({ operator, type }) => {
    const options = declaredOptions(type);
    const rows = rowsOf(`docs/operators/${operator}.md`, 'option');
    expect(rows.map(([name]) => name).sort()).toEqual(options.map(({ name }) => `\`${name}\``).sort());
    for (const { name, isOptional, defaultValue } of options) {
      const cell = rows.find(([it]) => it === `\`${name}\``)!.at(-1)!;
      expect(`${name}: ${cell === 'required' ? 'required' : 'optional'}`).toBe(
        `${name}: ${isOptional ? 'optional' : 'required'}`,
      );
      // A default that is a literal is the same literal on the page, whatever separates its thousands.
      if (/^('.*'|\d+|true|false)$/.test(defaultValue)) {
        expect(`${name}: ${cell.replace(/[`_]/g, '')}`).toBe(`${name}: ${defaultValue}`);
      }
    }
  });

  it.each(pages)('should name a test of ours for each law of $operator', ({ page }) => {
    const laws = [
      ...sectionOf(page, 'Laws')
        .replace(/\s+/g, ' ')
        .matchAll(/(?<=^| )- (.+?)(?= - |$)/g),
    ];
    expect(laws.length).toBeGreaterThan(3);
    for (const [, law = ''] of laws) {
      const [, file = '', name = ''] = /Held by `(test\/.+\.test\.ts)`: \*(.+)\*\. ?$/.exec(law) ?? [];
      expect(existsSync(file), law).toBe(true);
      expect(readFileSync(file, 'utf8')).toContain(name);
    }
  });

  it.each(pages)('should say of $operator all that a reader looks for, in the same places', ({ operator, page }) => {
    expect(page.startsWith(`# \`${operator}\`\n`)).toBe(true);
    const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading = '']) =>
      heading.replace(/^Sharing.*/, 'Sharing'),
    );
    expect(headings).toEqual([
      'When to use it, and when not',
      'What it does',
      'A first program',
      'Laws',
      'Options',
      'Errors',
      'Sharing',
      'Pitfalls',
    ]);
  });
});

interface DeclaredOption {
  readonly name: string;
  readonly isOptional: boolean;
  readonly defaultValue: string;
}

/** The properties of an exported interface, those that it inherits included. */
function declaredOptions(type: string): readonly DeclaredOption[] {
  const alias = checker.getExportsOfModule(front).find((symbol) => symbol.name === type)!;
  const declared = checker.getDeclaredTypeOfSymbol(checker.getAliasedSymbol(alias));
  return checker.getPropertiesOfType(declared).map((property) => ({
    name: property.name,
    isOptional: (property.flags & ts.SymbolFlags.Optional) !== 0,
    defaultValue: ts.displayPartsToString(
      property.getJsDocTags(checker).find((tag) => tag.name === 'defaultValue')?.text,
    ),
  }));
}

function sectionOf(page: string, heading: string): string {
  return page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0]?.trim() ?? '';
}
