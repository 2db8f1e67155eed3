import { relative } from 'node:path';
import ts from 'typescript';

/**
 * TypeScript at its strictest, as somebody runs it in a project of their own. Our declarations and undici's are checked,
 * too (`skipLibCheck: false`); those of zod, rxjs and Node, which take longest, `npm run test:matrix` checks as well.
 */
export class Compiler {
  readonly #project: string;
  /** Parsed once for all programs: most of the time goes by there. */
  readonly #parsed = new Map<string, ts.SourceFile | undefined>();

  constructor(project: string) {
    this.#project = project;
  }

  /** What is wrong with these files, by these options of a tsconfig; with an `outDir` they are compiled into it. */
  problems(files: readonly string[], json: object): readonly string[] {
    const strict = ['strict', 'exactOptionalPropertyTypes', 'noUncheckedIndexedAccess', 'verbatimModuleSyntax'];
    const { options, errors } = ts.convertCompilerOptionsFromJson(
      {
        ...Object.fromEntries(strict.map((name) => [name, true])),
        ...{ target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable'] },
        ...json,
      },
      this.#project,
    );
    const program = ts.createProgram(files, options, this.#host(options));
    const problems = [
      ...errors,
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...program
        .getSourceFiles()
        .filter(({ fileName }) => !/\/node_modules\/(?!(sluice|undici)\/)/.test(fileName))
        .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ];
    // Each for itself: to emit them together would be to check all packages, too.
    if (options.outDir !== undefined) for (const file of files) program.emit(program.getSourceFile(file));
    return problems.map(({ file, messageText }) => {
      const name = file === undefined ? 'options' : relative(this.#project, file.fileName);
      return `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  }

  #host(options: ts.CompilerOptions): ts.CompilerHost {
    const host = ts.createCompilerHost(options);
    const parse = host.getSourceFile.bind(host);
    host.getCurrentDirectory = () => this.#project;
    host.getSourceFile = (name, version, ...rest) => {
      const key = JSON.stringify([name, version]);
      if (!this.#parsed.has(key)) this.#parsed.set(key, parse(name, version, ...rest));
      return this.#parsed.get(key);
    };
    return host;
  }
}
