import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rowsOf } from './pageTable.js';

const declared = /^class (\w+) extends SluiceError .*\n(?:.*\n)*? {4}code: "(\w+)";$/gm;

it('should list every error that is exported, with its code', () => {
  const errors = [...readFileSync('docs/api-report.md', 'utf8').matchAll(declared)];
  expect(errors.length).toBeGreaterThan(15);
  expect(
    rowsOf('docs/guides/errors.md', 'error')
      .map(([error, code]) => `${error} ${code}`)
      .sort(),
  ).toEqual(errors.map(([, error, code]) => `\`${error}\` \`${code}\``).sort());
});
