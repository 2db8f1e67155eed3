import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, it } from 'vitest';
import { startAtelier, type AtelierOptions } from '../../examples/second-provider/simulator/startAtelier.js';
import { until } from '../until.js';

const source = 'examples/second-provider';
const speed = 20;

/** The example as it is run, in a process of its own, and an Atelier Nowhere in ours, which survives it. */
class Studio {
  readonly atelier: Awaited<ReturnType<typeof startAtelier>>;
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-second-provider-'));
  /** All that its processes have printed. */
  printed = '';
  readonly #children: ChildProcess[] = [];

  constructor(atelier: Awaited<ReturnType<typeof startAtelier>>) {
    this.atelier = atelier;
  }

  static async open(prompts: readonly string[], options: AtelierOptions = {}): Promise<Studio> {
    const studio = new Studio(await startAtelier({ speed, ...options }));
    writeFileSync(join(studio.directory, 'prompts.txt'), prompts.join('\n'));
    return studio;
  }

  start(...flags: readonly string[]): ChildProcess {
    const { directory, atelier } = this;
    const script = join('dist', source, 'main.js');
    const child = spawn(process.execPath, [script, '--out', directory, ...flags, join(directory, 'prompts.txt')], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ATELIER_URL: atelier.url, ATELIER_TOKEN: atelier.token, ATELIER_SPEED: String(speed) },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.printed += text));
    }
    this.#children.push(child);
    return child;
  }

  /** Sends the signal as soon as `isTime`, and waits for the end. */
  async ended(
    child: ChildProcess,
    signal?: NodeJS.Signals,
    isTime: () => boolean = () => true,
  ): Promise<number | null> {
    const closed = once(child, 'close') as Promise<[number | null]>;
    if (signal !== undefined) {
      await until(() => child.exitCode !== null || isTime());
      if (!child.kill(signal)) throw new Error(`ended too soon:\n${this.printed}`);
    }
    return (await closed)[0];
  }

  remove(picture: string): void {
    rmSync(join(this.directory, picture));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await this.atelier.stop();
    rmSync(this.directory, { recursive: true });
  }

  get pictures(): readonly string[] {
    return readdirSync(this.directory).filter((name) => name.endsWith('.png'));
  }
}

beforeAll(build);

describe.concurrent('the command for a second provider', () => {
  it('should go on after kill -9 and Ctrl-C, and have nothing painted or paid for twice', async ({ expect }) => {
    const prompts = Array.from({ length: 12 }, (_, index) => `picture ${index}`);
    await using studio = await Studio.open(prompts, {
      urlMs: 8_000,
      jobMs: (nth) => 5_000 + 500 * nth,
      // The third job is there, and the first process will never know.
      faultOf: ({ kind, nth }) => (kind === 'submit' && nth === 3 ? 'silent' : undefined),
    });
    const { atelier } = studio;
    const jobs = (): number => atelier.books().jobs.length;

    await studio.ended(studio.start(), 'SIGKILL', () => jobs() >= 3);
    expect(await studio.ended(studio.start(), 'SIGINT', () => jobs() >= 6)).toBe(130);
    expect(jobs()).toBeLessThan(prompts.length);
    // By now the URL in the journal serves nobody: the job is asked for another.
    studio.remove(studio.pictures[0] ?? '');
    expect(await studio.ended(studio.start())).toBe(0);

    const books = atelier.books();
    expect(books.jobs.map(({ prompt }) => prompt).sort()).toEqual([...prompts].sort());
    expect(books.replayed).toBe(0);
    expect(books.greatestRunning).toBeLessThanOrEqual(4);
    expect(books.refused['503']).toBeUndefined();
    expect(studio.pictures).toHaveLength(prompts.length);
    expect(studio.printed).toContain(`12 made, 0 failed, 0 left for another run; $${books.cost / 1_000} spent`);
  });

  it('should keep a budget over its runs, and the announced rate', async ({ expect }) => {
    const prompts = Array.from({ length: 7 }, (_, index) => `picture ${index}`);
    const requests = { limit: 6, windowMs: 3_000 };
    await using studio = await Studio.open(prompts, { jobMs: () => 1_000, requests });
    expect(await studio.ended(studio.start('--budget', '0.06'))).toBe(1);
    const { cost, refused } = studio.atelier.books();
    expect(cost).toBeLessThanOrEqual(60);
    expect(refused).toEqual({});
    expect(studio.printed).toContain('left for another run');
    expect(await studio.ended(studio.start('--budget', '0.15'))).toBe(0);
    const whole = studio.atelier.books();
    expect([whole.jobs.length, whole.cost]).toEqual([7, 19 + 18 + 17 + 16 + 20 + 19 + 18]);
  });

  it('should say how it is used', async ({ expect }) => {
    await using studio = await Studio.open([]);
    expect(await studio.ended(studio.start('--help'))).toBe(0);
    expect(studio.printed).toMatch(/^usage: node .*PROMPTS\n[^]*--budget[^]*ATELIER_URL/);
  });

  it.for([
    [['--budget', 'much'], '--budget: must be a number'],
    [['--bogus'], "Unknown option '--bogus'"],
  ] as const)('should say in a line what is wrong with %j', async ([flags, why], { expect }) => {
    await using studio = await Studio.open([]);
    expect(await studio.ended(studio.start(...flags))).toBe(2);
    expect(studio.printed).toContain(why);
    expect(studio.printed.trimEnd().split('\n')).toHaveLength(1);
  });
});

/** As `tsc --project examples/second-provider` does, but for the types, which the type check has seen. */
function build(): void {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  for (const name of files) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
    });
    const path = join('dist', source, name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, outputText);
    renameSync(`${path}.${process.pid}`, path);
  }
}
