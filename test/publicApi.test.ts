import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';

/** `npm run api` writes the report anew; without that, a change of the public API fails here. */
it('should have the public API that docs/api-report.md lists', async () => {
  await expect(report()).toMatchFileSnapshot('../docs/api-report.md');
});

function report(): string {
  const { exports, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    version: string;
    exports: Record<string, string | { types: string }>;
  };
  const entries = Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: path.replace('.', 'sluice'), file: target.types.replace('./dist/', '').replace('.d.ts', '.ts') }],
  );
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    {
      strict: true,
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      declaration: true,
      skipLibCheck: true,
    },
  );
  const sections = entries.map(({ name, file }) => `## ${name}\n\n${exportsOf(program, file)}`);
  return `# Public API of sluice ${version}\n\nWritten by \`npm run api\`; a test fails when the code and this page differ.\n\n${sections.join('\n')}`;
}

function exportsOf(program: ts.Program, file: string): string {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${file} exports nothing`);
  const lines = checker.getExportsOfModule(module).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return { name: symbol.name, text: describeSymbol(checker, target) };
  });
  lines.sort((a, b) => (a.name < b.name ? -1 : 1));
  return lines.map(({ text }) => `\`\`\`ts\n${text}\n\`\`\`\n`).join('\n');
}

const printer = ts.createPrinter({ removeComments: true });

function describeSymbol(checker: ts.TypeChecker, symbol: ts.Symbol): string {
  const texts = (symbol.declarations ?? []).map((node) => {
    if (ts.isFunctionDeclaration(node)) {
      const signature = checker.getSignatureFromDeclaration(node);
      if (signature === undefined) throw new Error(`${symbol.name} has no signature`);
      return `function ${symbol.name}${checker.signatureToString(signature, undefined, ts.TypeFormatFlags.NoTruncation)}`;
    }
    if (ts.isVariableDeclaration(node)) {
      return `const ${symbol.name}: ${checker.typeToString(checker.getTypeOfSymbol(symbol), undefined, ts.TypeFormatFlags.NoTruncation)}`;
    }
    if (ts.isClassDeclaration(node)) return describeClass(checker, symbol, node);
    return printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile()).replace(/^export /, '');
  });
  return texts.join('\n');
}

function describeClass(checker: ts.TypeChecker, symbol: ts.Symbol, node: ts.ClassDeclaration): string {
  const head = node.heritageClauses?.map((clause) => ` ${clause.getText()}`).join('') ?? '';
  const members = checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .filter((member) =>
      member.declarations?.some((declaration) => declaration.parent === node && !isPrivate(declaration)),
    )
    .map(
      (member) =>
        `    ${member.name}: ${checker.typeToString(checker.getTypeOfSymbol(member), undefined, ts.TypeFormatFlags.NoTruncation)};`,
    );
  return `class ${symbol.name}${head} {\n${members.join('\n')}\n}`;
}

function isPrivate(declaration: ts.Declaration): boolean {
  const name = ts.getNameOfDeclaration(declaration);
  return name !== undefined && ts.isPrivateIdentifier(name);
}
