import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** What is wrong, by a `tsconfig.json` of this content that is written to `path`: a line for each problem. */
export async function problemsBy(path: string, tsconfig: object): Promise<readonly string[]> {
  await writeFile(path, JSON.stringify(tsconfig));
  const tsc = [resolve('node_modules/typescript-7/bin/tsc'), '--pretty', 'false', '--project', path];
  return new Promise((settle, reject) => {
    execFile(process.execPath, tsc, { cwd: dirname(path) }, (error, stdout, stderr) => {
      const problems = stdout.split('\n').filter(Boolean);
      // An exit that nothing was said of is not an answer.
      const isMute = error !== null && problems.length === 0;
      if (isMute) reject(new Error(`tsc ended by itself: ${stderr}`, { cause: error }));
      else settle(problems);
    });
  });
}
