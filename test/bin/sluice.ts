import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/server.js';

/** The command as it is built; `npm test` builds it first. */
export const sluicePath = resolve(process.env['SLUICE_TEST_DIST'] ?? 'dist', 'bin/sluice.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** What runs it, where that is not Node itself. */
  readonly shell?: string;
}

/** A run of the real command in a process of its own. */
export class SluiceRun {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  constructor(args: readonly string[], { env = {}, cwd, stdin = '', shell }: Surroundings = {}) {
    const node = [process.execPath, sluicePath, ...args];
    const words = shell === undefined ? node : ['bash', '--norc', '-c', `${shell} "$@"`, 'bash', ...node];
    const [command = '', ...rest] = words;
    this.child = spawn(command, rest, { cwd, env: { PATH: process.env['PATH'] ?? '', ...env } });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.child.stdin.on('error', () => undefined).end(stdin);
    this.ended = new Promise((settle) => {
      this.child.on('close', (code) => settle({ code, stdout: this.#stdout, stderr: this.#stderr }));
    });
    onTestFinished(() => void this.child.kill('SIGKILL'));
  }

  /** What is on `stream`, as soon as `pattern` is found there. */
  async shows(pattern: RegExp, stream: 'stdout' | 'stderr' = 'stderr'): Promise<string> {
    const text = (): string => (stream === 'stderr' ? this.#stderr : this.#stdout);
    if (pattern.test(text())) return text();
    await new Promise<void>((settle, reject) => {
      this.child[stream].on('data', () => {
        if (pattern.test(text())) settle();
      });
      this.child.on('close', () => reject(new Error(`ended without showing ${String(pattern)}:\n${text()}`)));
    });
    return text();
  }
}

export async function sluice(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  return new SluiceRun(args, surroundings).ended;
}

/** A directory for one test. */
export function scratch(): string {
  const path = mkdtempSync(join(tmpdir(), 'sluice-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A file of prompts, a line each. */
export function promptsFile(directory: string, ...lines: readonly string[]): string {
  const file = join(directory, 'prompts.txt');
  writeFileSync(file, lines.join('\n'));
  return file;
}

/** A simulator for one test: without a rate, and fast, unless told otherwise. */
export async function simulated(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator({ requests: 'off', speed: 1_000, ...options });
  onTestFinished(() => simulator.stop());
  return simulator;
}

export const withKey = { KLING_API_KEY: 'sim-key' };

/** Flags for a run against a fast simulator. */
export function against(simulator: Simulator, ...more: readonly string[]): readonly string[] {
  return ['--base-url', simulator.url, '--rate', 'off', '--poll-interval', '10ms', ...more];
}

/** A time zone where it is two or three in the morning: no midnight is near, and none is that of UTC. */
export function zoneEarlyInItsDay(): string {
  const hour = new Date().getUTCHours();
  const ahead = (hour > 14 ? 26 - hour : 2 - hour) || 1;
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

export interface ResultLine {
  readonly index: number;
  readonly id: string;
  readonly prompt: string;
  readonly status: string;
  readonly taskId?: string;
  readonly outputs: readonly { readonly type: string; readonly url: string; readonly durationMs?: number }[];
  readonly attempts: number;
  readonly submittedAtMs?: number;
  readonly endedAtMs: number;
  readonly error?: { readonly meaning: string; readonly code: string; readonly message: string };
}

/** The results in a directory, in the order of the prompts. */
export function resultsIn(directory: string): readonly ResultLine[] {
  return readFileSync(join(directory, 'results.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ResultLine)
    .sort((one, other) => one.index - other.index);
}
