import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const dist = pathToFileURL(resolve(process.env['SLUICE_TEST_DIST'] ?? 'dist')).href;

/**
 * Runs a script (an ES module; `DIST` in it is where the build is) in a process of its own, with a heap of its own, and
 * parses what it writes. `npm test` builds first.
 */
export async function inOwnProcess(script: string, ...flags: readonly string[]): Promise<unknown> {
  const args = [...flags, '--input-type=module', '--eval', script.replaceAll('DIST', dist)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
