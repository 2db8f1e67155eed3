/**
 * What is mutated together, and by which tests it is judged: those of its own folder, so that a mutant asks a second of
 * tests and not minutes. Left out are tests that need a build, or child processes of their own, but for a Redis.
 */
export const parts = [
  { name: 'backoff', mutate: ['src/backoff/**/*.ts'], tests: ['test/backoff/**'] },
  { name: 'limits', mutate: ['src/limits/**/*.ts'], tests: ['test/limits/**'] },
  {
    name: 'limiter',
    mutate: ['src/limiter/**/*.ts'],
    tests: ['test/limiter/**'],
    without: ['test/limiter/fairnessHeap.test.ts'],
  },
  {
    name: 'operators',
    mutate: ['operators/*.ts', 'operators/pool/**/*.ts', 'operators/time/**/*.ts', '!operators/generate.ts'],
    tests: ['test/operators/*', 'test/operators/pool/**', 'test/operators/time/**'],
    without: ['test/operators/generate*', 'test/operators/pullFromHeap.test.ts'],
  },
  {
    name: 'generating',
    mutate: ['operators/generate.ts', 'operators/generating/**/*.ts', '!operators/generating/{shared,promptClaim}*.ts'],
    tests: [
      'test/operators/generate*',
      'test/operators/mistakes',
      'test/operators/generating/**',
      'test/operators/credits*',
      'test/operators/reasons*',
    ],
  },
  // What shares a run with other workers is asked over a real Redis, in seconds: it is a part of its own.
  {
    name: 'shared',
    mutate: ['operators/generating/{shared,promptClaim}*.ts'],
    tests: ['test/redis/journal{Workers,Sleepers,Left,Elsewhere,Lost,Budget}'],
  },
  { name: 'otel', mutate: ['operators/otel/**/*.ts'], tests: ['test/operators/otel/**'] },
  {
    name: 'sse',
    mutate: ['operators/sse/**/*.ts'],
    tests: ['test/operators/sse/**'],
    without: ['test/operators/sse/memory.test.ts'],
  },
  {
    name: 'journal',
    mutate: ['src/journal/**/*.ts'],
    tests: ['test/journal/**'],
    without: ['test/journal/processes.test.ts'],
  },
];

/** The part that this process is about: the one that `run.js` has named to it. */
export const part = parts.find(({ name }) => name === process.env['SLUICE_MUTATED']) ?? parts[0];
