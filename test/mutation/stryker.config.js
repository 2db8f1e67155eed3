import { part } from './parts.js';

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: part.mutate,
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  coverageAnalysis: 'perTest',
  incremental: true,
  incrementalFile: `coverage/mutation/${part.name}.json`,
  tempDirName: `coverage/mutation/${part.name}.sandbox`,
  ignorePatterns: ['coverage', 'dist', 'sluice-out', 'bench', '.git'],
  concurrency: Number(process.env['SLUICE_CONCURRENCY'] ?? 2),
  // A busy machine is slow, which is no kill.
  timeoutMS: 15_000,
  timeoutFactor: 2,
  dryRunTimeoutMinutes: 20,
  reporters: ['progress-append-only', 'clear-text', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: false },
  jsonReporter: { fileName: `coverage/mutation/${part.name}.report.json` },
  allowConsoleColors: false,
};
