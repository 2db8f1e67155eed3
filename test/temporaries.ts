import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

/** Gives a run a directory of its own for temporary files. What its tests leave there fails it. */
export function setup({ vitest }: TestProject): () => void {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-tests-'));
  process.env['TMPDIR'] = directory;
  return () => {
    const left = readdirSync(directory);
    rmSync(directory, { recursive: true });
    if (left.length === 0) return;
    vitest.logger.error(`temporary files that tests have left: ${left.join(', ')}`);
    process.exitCode = 1;
  };
}
