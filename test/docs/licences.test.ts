import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/licences.md', 'utf8');
const developed = ['package-lock.json', 'docs/package-lock.json', 'bench/package-lock.json'];

interface Locked {
  readonly dev?: true;
  readonly link?: true;
  readonly license?: string;
  readonly version?: string;
  readonly hasInstallScript?: true;
}

function lockedIn(path: string): readonly (readonly [name: string, locked: Locked])[] {
  const { packages } = JSON.parse(readFileSync(path, 'utf8')) as { packages: Record<string, Locked> };
  return Object.entries(packages)
    .filter(([place, { link }]) => place !== '' && link !== true)
    .map(([place, locked]) => [place.replace(/^.*node_modules\//, ''), locked]);
}

/** What comes with sluice, and is no choice of the user's. */
const shipped = lockedIn('package-lock.json').filter(([, { dev }]) => dev !== true);

it('should list the version and the licence of everything that is installed with sluice', () => {
  const rows = [...page.matchAll(/^\| (.+?) \| (\d+) \| (\S+) \| always \|$/gm)].map((row) => row.slice(1));
  const due = shipped.map(([name, { version = '', license }]) => [name, version.split('.')[0], license]);
  expect(rows).toEqual(due.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1)));
});

it('should bring nothing along that runs as it is installed', () => {
  expect(shipped.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
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
