import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/guides/testing.md', 'utf8');
const blocks = [...page.matchAll(/^## (.*)\n[^]*?^```ts\n([^]*?)^```$/gm)];

it('should have a test in each section that promises one', () => {
  expect(blocks).toHaveLength(5);
  expect(page.match(/^```ts$/gm)).toHaveLength(5);
});

describe.each(blocks.map(([, title = '', code = '']) => ({ title, code })))('$title', async ({ title, code }) => {
  await import(/* @vite-ignore */ written(title, code));
});

/** Beside the built library, which it imports by its name as anybody would. */
function written(title: string, code: string): string {
  const path = resolve('dist/examples/testing-guide', `${title.replace(/\W+/g, '-')}.ts`);
  mkdirSync(resolve('dist/examples/testing-guide'), { recursive: true });
  writeFileSync(`${path}.${process.pid}`, code);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}
