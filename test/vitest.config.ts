import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './longestFirst.js';

/** Tests that start processes, servers or browsers, and the few that compute longest. */
const apart = [
  'test/{chaos,examples,package,redis,simulation}/**/*.test.ts',
  'test/bin/{account,badInput,download,fullDisk,generate,hostile,interrupts,plan,resume,terminal}.test.ts',
  'test/docs/{site,tutorial}.test.ts',
  'test/**/*{Heap,emory}.test.ts',
  'test/integration/exactness.test.ts',
  'test/publicApi.test.ts',
];

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    globalSetup: `${import.meta.dirname}/temporaries.ts`,
    reporters: ['default', `${import.meta.dirname}/closingLine.ts`],
    sequence: { sequencer: LongestFirst },
    // A loaded machine takes longer than the second that vitest allows.
    expect: { poll: { timeout: 60_000 } },
    // What runs in a process of its own (the command as it is built, workers, kill -9) does not count here.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'operators/**/*.ts', 'bin/**/*.ts'],
      reportsDirectory: 'coverage/tests',
      reporter: ['text', 'html', 'json-summary'],
    },
    projects: [
      // They wait for servers and processes: more workers than cores.
      { extends: true, test: project('apart', apart, [], availableParallelism() + 1) },
      // They only compute. Each worker loads the modules once more, so that more of them take longer.
      {
        extends: true,
        test: {
          ...project('together', ['test/**/*.test.ts'], apart, availableParallelism()),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

function project(name: string, include: string[], exclude: string[], maxWorkers: number) {
  return {
    name,
    maxWorkers,
    include,
    exclude: [...configDefaults.exclude, ...exclude],
    // A file shares its modules with those before it: to load them anew takes longer than most tests.
    isolate: false,
    setupFiles: [`${import.meta.dirname}/setup.ts`],
    // What ends a test that hangs; a loaded machine may take several times as long as it should.
    testTimeout: 120_000 * Math.max(1, Number(process.env['SLUICE_RUNS'] ?? 1)),
    hookTimeout: 120_000,
  };
}
