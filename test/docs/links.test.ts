import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Pages as GitHub shows them; what TypeDoc writes is there only once the site is built, whose build checks it. */
const pages = ['README.md', 'CHANGELOG.md', ...markdownIn('docs'), ...markdownIn('examples'), ...markdownIn('.github')];

describe.each(pages)('%s', (page) => {
  it('has links that lead somewhere, to the very heading', () => {
    expect(linksOf(readFileSync(page, 'utf8')).filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });
});

it('finds the links of a page', () => {
  expect(
    linksOf('[a](b.md#c) ![d](e.svg "f") <img src="g.svg"> `[h](i.md)`\n```\n[j](k.md)\n```\n[l]: m.md\n'),
  ).toEqual(['b.md#c', 'e.svg', 'g.svg', 'm.md']);
});

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => path.endsWith('.md'))
    .filter((path) => !/node_modules|^docs\/(reference|\.vitepress|api-report)/.test(path));
}

function linksOf(text: string): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)|(?:src|href)="([^"]+)"|^\[[^\]]+\]: (\S+)$/gm)];
  return links.map(([, inline, attribute, named]) => inline ?? attribute ?? named ?? '');
}

function leadsSomewhere(page: string, link: string): boolean {
  if (/^(https?:|mailto:)/.test(link)) return true;
  const [path = '', heading] = link.split('#');
  // The site's root is docs/, and its pages are told without .md in the front matter and in its own components.
  const base = path.startsWith('/') ? join('docs', path) : join(dirname(page), path);
  const target = path === '' ? page : normalize(base);
  if (target.startsWith('docs/reference/')) return true;
  const file = [target, `${target}.md`, join('docs/public', path), join(target, 'README.md')].find(
    (candidate) => existsSync(candidate) && statSync(candidate).isFile(),
  );
  if (file === undefined) return existsSync(target) && heading === undefined;
  return heading === undefined || headingsOf(readFileSync(file, 'utf8')).includes(heading);
}

/** As GitHub and VitePress name them. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
