import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/security.md', 'utf8');

it('names no test that is not there', () => {
  const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});

it('has a test in every row, or leaves it open and says so', () => {
  const rows = page.split('\n').filter((line) => /^\| .+ \| .+ \|.*\|$/.test(line) && !line.includes('---'));
  const open = rows.filter((row) => row.endsWith('|  |') || row.endsWith('| |'));
  expect(open.map((row) => row.split('|')[1]?.trim())).toEqual([
    'to slow everybody down by a long `Retry-After`',
    'to say that a task cost more than it did',
  ]);
});
