import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/licences.md', 'utf8');
const developed = ['package-lock.json', 'docs/package-lock.json', 'bench/package-lock.json'];

interface Locked {
  readonly dev?: true;
  readonly link?: true;
  readonly license?: string;
}

function lockedIn(path: string): readonly (readonly [name: string, locked: Locked])[] {
  const { packages } = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Locked> };
  return Object.entries(packages)
    .filter(([place, { link }]) => place !== '' && link !== true)
    .map(([place, locked]) => [place.replace(/^.*node_modules\//, ''), locked]);
}

it('should list the licence of everything that is installed with sluice', () => {
  const rows = [...page.matchAll(/^\| (.+?) \| (\S+) \| always \|$/gm)].map(([, name, licence]) => [name, licence]);
  const shipped = lockedIn('package-lock.json')
    .filter(([, { dev }]) => dev !== true)
    .map(([name, { license }]) => [name, license]);
  expect(rows).toEqual(shipped.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)));
});

it.each(developed)('should take nothing in by %s whose licence the page does not name', (path) => {
  const named = [...page.matchAll(/^- (.+?)(:.*)?$/gm)].flatMap(([, list = '']) => list.split(', '));
  const strays = lockedIn(path).filter(
    ([, { license = 'none' }]) =>
      !license
        .replaceAll(/[()]/g, '')
        .split(' OR ')
        .some((it) => named.includes(it)),
  );
  expect(strays.map(([name, { license }]) => `${name}: ${license ?? 'none'}`)).toEqual([]);
});
