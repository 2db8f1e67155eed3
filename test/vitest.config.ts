import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: [`${import.meta.dirname}/setup.ts`],
    reporters: ['default', `${import.meta.dirname}/closingLine.ts`],
    testTimeout: 30_000,
  },
});
