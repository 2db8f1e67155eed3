import { readFileSync } from 'node:fs';

/** The rows of the table of a page whose head begins with `head`, each as its cells. */
export function rowsOf(page: string, head: string): readonly (readonly string[])[] {
  const lines = readFileSync(page, 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${head} |`));
  if (start === -1) throw new Error(`${page} has no table "${head}"`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith('|'));
  return rows
    .slice(0, end === -1 ? rows.length : end)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
}
