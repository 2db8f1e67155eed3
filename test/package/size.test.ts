import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { emptyProject, pack, run, unpack } from './packed.js';

/** What size.js tells of one line of budgets.json. */
interface Bundle {
  readonly name: string;
  readonly bytes: number;
  readonly budget: number;
  /** What it leaves to be had elsewhere. */
  readonly imports: readonly string[];
  /** What is in it, the heaviest first, in bytes before minifying. */
  readonly modules: readonly { readonly module: string; readonly bytes: number }[];
}

const { dependencies, exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly dependencies: Record<string, string>;
  readonly exports: Record<string, unknown>;
};
/** What may run in a browser, whatever is taken of it. */
const forBrowsers = /^sluice(\/sse|\/http|\/otel)?( |$)/;
const project = emptyProject();
let bundles: readonly Bundle[] = [];

beforeAll(async () => {
  await unpack(await pack(project), Object.keys(dependencies));
  const { stdout } = await run(process.execPath, ['test/package/size.js', '--json', project], { maxBuffer: 2 ** 26 });
  bundles = JSON.parse(stdout) as readonly Bundle[];
});

describe('the size of a bundle', () => {
  it('should be within its budget', () => {
    expect(bundles.filter(({ bytes, budget }) => bytes > budget).map(complaint)).toEqual([]);
  });

  it('should have a budget for each entry point and each operator', () => {
    const entries = Object.keys(exports).filter((path) => path !== './package.json');
    const operators = readdirSync('operators')
      .filter((file) => file.endsWith('.ts') && file !== 'index.ts' && file !== 'forecast.ts')
      .map((file) => `sluice { ${basename(file, '.ts')} }`);
    const due = [...entries.map((path) => path.replace('.', 'sluice')), ...operators];
    expect(due.filter((name) => !bundles.some((bundle) => bundle.name === name))).toEqual([]);
  });
});

it('should be what the README says, to a kilobyte', () => {
  const [said = ''] = /all of them weigh [^]+?;/.exec(readFileSync('README.md', 'utf8')) ?? [];
  const alone = [...said.matchAll(/`(\w+)`(?: alone)? (\d+)/g)].map(([, name, kB]) => [`sluice { ${name} }`, kB]);
  const figures = [['sluice', /weigh (\d+) kB/.exec(said)?.[1]], ...alone];
  expect(figures.length).toBeGreaterThan(5);
  for (const [name, kB] of figures) {
    const { bytes = NaN } = bundles.find((bundle) => bundle.name === name) ?? {};
    expect(Math.abs(bytes / 1_000 - Number(kB)), name).toBeLessThan(1);
  }
});

describe('a bundle for browsers', () => {
  it.each([
    ['nothing of Node', /^node:/],
    ['no HTTP client', /^undici\//],
    ['nothing of Kling but the figures of its tiers', /^sluice\/src\/(simulator\/|kling\/(?!tiers\.js$))/],
    ['no more of zod than zod/mini and English', /^zod\/v4\/(classic\/|locales\/(?!en\.js$))|^zod\/v3/],
  ])('should hold %s', (_, forbidden) => {
    const strays = bundles
      .filter(({ name }) => forBrowsers.test(name))
      .flatMap(({ name, imports, modules }) =>
        [...imports, ...modules.map(({ module }) => module)]
          .filter((it) => forbidden.test(it))
          .map((it) => `${name}: ${it}`),
      );
    expect(strays).toEqual([]);
  });

  it('should be told by these patterns: what runs on Node alone has all of it', () => {
    const kling = bundles.find(({ name }) => name === 'sluice/kling');
    const names = [...(kling?.imports ?? []), ...(kling?.modules.map(({ module }) => module) ?? [])];
    expect(names).toEqual(expect.arrayContaining(['node:crypto', 'undici/lib/dispatcher/client.js']));
    expect(names).toEqual(expect.arrayContaining(['sluice/src/kling/client.js', 'zod/v4/classic/schemas.js']));
  });
});

function complaint({ name, bytes, budget, modules }: Bundle): string {
  const heaviest = modules.slice(0, 5).map((it) => `${it.module} ${it.bytes}`);
  return `${name}: ${bytes} bytes, its budget is ${budget}; the heaviest before minifying: ${heaviest.join(', ')}`;
}
