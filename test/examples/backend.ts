import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { onTestFinished } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/server.js';
import { freePort } from '../freePort.js';

const source = 'examples/streaming-backend';
export const operatorToken = 'the-operators-own-token';

export interface BackendOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What Kling is like. @defaultValue tasks of 0.8 s, three at once */
  readonly simulator?: SimulatorOptions;
}

/** The example as it is run: a process of its own, and Kling's simulator in ours, which survives it. */
export class Backend {
  readonly simulator: Simulator;
  readonly directory: string;
  readonly #env: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;
  #port = 0;
  /** All that it has printed. */
  printed = '';

  constructor(
    simulator: Simulator,
    env: Readonly<Record<string, string>>,
    directory = mkdtempSync(join(tmpdir(), 'sluice-backend-')),
  ) {
    this.simulator = simulator;
    this.directory = directory;
    this.#env = env;
  }

  static async start({ env = {}, simulator: kling = {} }: BackendOptions = {}): Promise<Backend> {
    build();
    const taskMs = { min: 24_000, max: 24_000 };
    const simulator = await startSimulator({ speed: 30, requests: 'off', taskMs, ...kling });
    const backend = new Backend(simulator, env);
    backend.#port = await freePort();
    await backend.restart();
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it, on the same port as before. */
  async restart(): Promise<void> {
    const child = spawn(process.execPath, [join('dist', source, 'main.js')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PORT: String(this.#port),
        DATA_DIR: this.directory,
        OPERATOR_TOKEN: operatorToken,
        KLING_API_KEY: 'sim-key',
        KLING_BASE_URL: this.simulator.url,
        REQUESTS_PER_MINUTE: '6000',
        POLL_MS: '100',
        ...this.#env,
      },
    });
    this.#process = child;
    const port = await new Promise<number>((settle, reject) => {
      const hear = (text: string): void => {
        this.printed += text;
        const found = /^Open http:.*:(\d+)$/m.exec(text);
        if (found !== null) settle(Number(found[1]));
      };
      child.stdout.setEncoding('utf8').on('data', hear);
      child.stderr.setEncoding('utf8').on('data', hear);
      child.on('close', () => reject(new Error(`ended before it listened:\n${this.printed}`)));
    });
    this.#port = port;
  }

  /** What it holds, in bytes; for one that was started with a probe for SIGUSR2. */
  async heapUsed(): Promise<number> {
    const stdout = this.#process?.stdout;
    if (stdout === undefined || stdout === null) throw new Error('it is not running');
    const found = new Promise<number>((settle) => {
      const hear = (text: string): void => {
        const heap = /^heap (\d+)$/m.exec(text);
        if (heap === null) return;
        stdout.off('data', hear);
        settle(Number(heap[1]));
      };
      stdout.on('data', hear);
    });
    this.#process?.kill('SIGUSR2');
    return found;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((settle) => child.on('close', settle));
    child.kill('SIGKILL');
    await closed;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.simulator.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Somebody who has opened the page. */
  async person(): Promise<Person> {
    const answer = await fetch(`${this.url}/api/me`);
    const cookie = answer.headers.getSetCookie().map((it) => it.split(';')[0] ?? '');
    return new Person(this, cookie.join('; '));
  }
}

/** A backend for one test alone. */
export async function backendFor(options: BackendOptions = {}): Promise<Backend> {
  const backend = await Backend.start(options);
  onTestFinished(() => backend.stop());
  return backend;
}

/** Somebody who speaks to the backend without a browser. */
export class Person {
  readonly backend: Backend;
  readonly cookie: string;

  constructor(backend: Backend, cookie: string) {
    this.backend = backend;
    this.cookie = cookie;
  }

  call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const { url } = this.backend;
    return fetch(`${url}${path}`, {
      method,
      headers: { cookie: this.cookie, origin: url, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  async submit(prompt: string): Promise<string> {
    const answer = await this.call('POST', '/api/tasks', { prompt });
    if (answer.status !== 202) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
    return ((await answer.json()) as { readonly id: string }).id;
  }
}

/** As `npm run example:ui` does, but for the types, which the type check has seen, and the library, which is built. */
function build(): void {
  const files = readdirSync(source).filter((name) => name.endsWith('.ts'));
  mkdirSync(join('dist', source), { recursive: true });
  for (const name of files) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    });
    const path = resolve('dist', source, name.replace(/\.ts$/, '.js'));
    // Other tests may be reading it.
    writeFileSync(`${path}.${process.pid}`, outputText);
    renameSync(`${path}.${process.pid}`, path);
  }
}
