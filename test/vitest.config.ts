import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [`${import.meta.dirname}/setup.ts`],
    reporters: ['default', `${import.meta.dirname}/closingLine.ts`],
    testTimeout: 30_000,
    // Much of the suite waits for servers and processes: a core for each worker, where vitest keeps one free.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
