import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rowsOf } from './pageTable.js';

/** The rows of `docs/performance.md` that begin with a name. */
function measured(name: string): string {
  const lines = readFileSync('docs/performance.md', 'utf8').split('\n');
  return lines.filter((line) => line.startsWith(`| ${name}`)).join('\n');
}

const peers = ['sluice', 'bottleneck', 'p-throttle', 'p-queue', 'rate-limiter-flexible', 'effect'];
const page = 'docs/comparison.md';
const rows = [...rowsOf(page, '| worst window over the limit'), ...rowsOf(page, '| worst window, came / answered')].map(
  ([name = '', ...cells]) => ({ name, numbers: cells.flatMap((cell) => cell.match(/\d+(\.\d+)?/g) ?? []) }),
);

it.each(rows)('should have the figures of $name as they were measured', ({ name, numbers }) => {
  const peer = peers.find((it) => name.includes(it)) ?? '';
  expect(numbers.length).toBeGreaterThan(0);
  expect(numbers.filter((it) => !new RegExp(`[ ,]${it.replace('.', '\\.')}[ ,]`).test(measured(peer)))).toEqual([]);
});
