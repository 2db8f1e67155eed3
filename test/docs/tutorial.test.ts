import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../freePort.js';

const page = readFileSync('docs/tutorial.md', 'utf8');

interface Step {
  readonly command: string;
  readonly output: string;
}

/** What the page prints: files by their names, and commands, each with its output, as blocks that follow one another. */
const files = [...page.matchAll(/`([\w-]+\.mjs)`[^`]*:\n\n```js\n([\s\S]*?)^```$/gm)].map(
  ([, name = '', code = '']) => ({ name, code }),
);
const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, block = '']) => stepsOf(block));

function stepsOf(block: string): readonly Step[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.split('\n');
      return { command, output: output.join('\n') };
    });
}

it('should print nothing that is not run', () => {
  const commands = blocks.flat().map(({ command }) => command);
  expect(page.match(/^```js$/gm)).toHaveLength(files.length);
  const imported = files.filter(({ name }) => files.some(({ code }) => code.includes(`./${name}`)));
  const started = new Set(commands.map((command) => command.split(' ')[1]));
  expect([...imported.map(({ name }) => name), ...started].filter((name) => name !== '%1').sort()).toEqual(
    files.map(({ name }) => name).sort(),
  );
});

it('should work as it is printed, step by step', async () => {
  const folder = new Folder(await freePort());
  for (const { name, code } of files) writeFileSync(join(folder.path, name), code);
  // The steps of a block go on from one another; blocks do not, and need not wait for each other.
  await Promise.all(blocks.map((steps) => folder.run(steps)));
});

/** An empty folder in which sluice has been installed, as `npm install` would. */
class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'sluice-tutorial-'));
  readonly #env: NodeJS.ProcessEnv;

  constructor(port: number) {
    this.#env = { PATH: process.env['PATH'], PORT: String(port) };
    onTestFinished(() => rmSync(this.path, { recursive: true, force: true }));
    const installed = join(this.path, 'node_modules/sluice');
    mkdirSync(installed, { recursive: true });
    copyFileSync('package.json', join(installed, 'package.json'));
    symlinkSync(resolve(process.env['SLUICE_TEST_DIST'] ?? 'dist'), join(installed, 'dist'));
    symlinkSync(resolve('node_modules/rxjs'), join(this.path, 'node_modules/rxjs'));
  }

  async run(steps: readonly Step[]): Promise<void> {
    const inBackground: Started[] = [];
    for (const { command, output } of steps) {
      if (command === 'kill %1') inBackground[0]?.child.kill();
      else if (command.endsWith(' &')) {
        const started = this.#start(command.slice(0, -2));
        inBackground.push(started);
        await started.shows(output);
      } else await this.#expect(command, output);
    }
    for (const { ended } of inBackground) await ended;
  }

  async #expect(command: string, output: string): Promise<void> {
    const started = this.#start(command);
    const { signal, stderr } = await started.ended;
    const [printed, killed] = output.split('Killed\n');
    expect(stderr).toBe('');
    expectSame(started.stdout, printed ?? '');
    expect(signal).toBe(killed === undefined ? null : 'SIGKILL');
  }

  #start(command: string): Started {
    const [program = '', ...args] = command.split(' ');
    expect(program).toBe('node');
    const started = new Started(spawn(process.execPath, args, { cwd: this.path, env: this.#env }));
    onTestFinished(() => void started.child.kill('SIGKILL'));
    return started;
  }
}

/** A process whose output is read as it comes. */
class Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly signal: string | null; readonly stderr: string }>;
  stdout = '';

  constructor(child: ChildProcess) {
    this.child = child;
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    this.ended = once(child, 'close').then(([, signal]) => ({ signal: signal as string | null, stderr }));
  }

  async shows(output: string): Promise<void> {
    const isOver = this.ended.then(({ stderr }) => Promise.reject(new Error(`ended without "${output}": ${stderr}`)));
    while (this.stdout !== output) await Promise.race([once(this.child.stdout!, 'data'), isOver]);
    isOver.catch(() => undefined);
  }
}

const earliestOf = /after (\d+) s|(\d+) of them from the run before/g;

/** The same text; an instant may be later than printed on a busy machine, and more may have ended as the kill came. */
function expectSame(actual: string, printed: string): void {
  const masked = (text: string): string => text.replace(earliestOf, (found) => found.replace(/\d+/, '#'));
  expect(masked(actual)).toBe(masked(printed));
  const figures = (text: string): readonly number[] =>
    [...text.matchAll(earliestOf)].map(([, seconds, results]) => Number(seconds ?? results));
  figures(printed).forEach((least, index) => expect(figures(actual)[index]).toBeGreaterThanOrEqual(least));
}
