import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, onTestFinished } from 'vitest';

/** A directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-journal-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/**
 * The journal as JavaScript, for processes of their own, made of the sources as they are: no build is needed, and none
 * that is out of date can be tested.
 */
export function compiledJournal(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-compiled-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const sources = readdirSync('src/journal').map((name) => `journal/${name}`);
  for (const name of ['codeOf.ts', 'errors.ts', 'options.ts', 'syncDirectory.ts', ...sources]) {
    const { outputText } = ts.transpileModule(readFileSync(join('src', name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    });
    const file = join(directory, name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, outputText);
  }
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'));
  return pathToFileURL(directory).href;
}

/** A process that runs a script (an ES module), speaks in lines, and listens to lines. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;
  readonly exited: Promise<unknown>;

  constructor(script: string) {
    const args = ['--input-type=module', '--eval', script];
    this.#process = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.exited = once(this.#process, 'exit');
    this.#lines = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
    // What is written to one that has been killed goes nowhere.
    this.#process.stdin.on('error', () => undefined);
    onTestFinished(() => void this.#process.kill('SIGKILL'));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Its next line; undefined once it has ended. */
  async line(): Promise<string | undefined> {
    const { value } = (await this.#lines.next()) as { readonly value: string | undefined };
    return value;
  }

  say(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }
}
