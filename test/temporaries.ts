import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestProject } from 'vitest/node';

const prefix = 'sluice-tests-';

/** Gives a run a directory of its own for temporary files. What its tests leave there fails it; browsers tidy as they like. */
export function setup({ vitest }: TestProject): (() => void) | undefined {
  // Asked of each project: the first one's is for all.
  if (basename(tmpdir()).startsWith(prefix)) return undefined;
  const directory = mkdtempSync(join(tmpdir(), prefix));
  process.env['TMPDIR'] = directory;
  return () => {
    const left = readdirSync(directory).filter((name) => name.startsWith('sluice-'));
    rmSync(directory, { recursive: true, force: true });
    if (left.length === 0) return;
    vitest.logger.error(`temporary files that tests have left: ${left.join(', ')}`);
    process.exitCode = 1;
  };
}
