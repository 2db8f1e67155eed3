import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll } from 'vitest';

export const run = promisify(execFile);

/** An empty project in a folder of its own, which goes with the test file: ask for it at the top of one. */
export function emptyProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-package-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'theirs', private: true, type: 'module' }));
  return folder;
}

/** What `npm publish` would upload, put into `folder`; gives its path. `npm test` builds first. */
export async function pack(folder: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]);
  return join(folder, stdout.trim());
}

/** As an installation leaves it, quicker: the package unpacked, `names` beside it as links to ours. */
export async function unpack(tarball: string, names: readonly string[]): Promise<string> {
  const project = dirname(tarball);
  const target = join(project, 'node_modules/sluice');
  await mkdir(target, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', target, '--strip-components', '1']);
  await link(project, names);
  return target;
}

/** Installs `names` as links to the packages of this checkout, where they are not there yet. */
export async function link(project: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const target = join(project, 'node_modules', name);
    if (existsSync(target)) continue;
    await mkdir(dirname(target), { recursive: true });
    await symlink(resolve('node_modules', name), target);
  }
}
