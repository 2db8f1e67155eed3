import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { draw } from '../../docs/marbles/draw.js';
import type { MarbleRecord } from '../../docs/marbles/record.js';
import { scenarios } from '../../docs/marbles/scenarios.js';
import { claims } from './claims.js';

// After a change of an operator or of the drawing: npx vitest run --config test/vitest.config.ts test/docs/marbles.test.ts --update
describe.each(Object.entries(scenarios))('the picture %s', (name, play) => {
  let record: MarbleRecord;
  beforeAll(async () => {
    record = await play();
  });

  it('should show what the operator does, and what is claimed', async () => {
    claims[name]!(record);
    await expect(draw(record)).toMatchFileSnapshot(`../../docs/public/marbles/${name}.svg`);
  });

  it('should be on the page of its operator, under its title and with its description', () => {
    const page = readFileSync(`docs/operators/${name.split('-')[0]}.md`, 'utf8').replace(/\s+/g, ' ');
    expect(page).toContain(`![${record.title}](../public/marbles/${name}.svg) </Marbles> ${record.description}`);
  });

  it('should be drawn within its frame, and say within itself what it shows', () => {
    const svg = draw(record);
    expect(svg).toMatch(
      / role="img" aria-labelledby="title description">\n<title id="title">.+<\/title>\n<desc id="desc/,
    );
    expect(svg).not.toMatch(/NaN|undefined|Infinity|https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
    const [, width = '', height = ''] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg) ?? [];
    expectWithin(Number(width), svg, 'x|x1|x2|cx');
    expectWithin(Number(height), svg, 'y|y1|y2|cy');
  });
});

it('should have a claim and a file for each picture, and no file whose scenario is gone', () => {
  const names = Object.keys(scenarios).sort();
  expect(Object.keys(claims).sort()).toEqual(names);
  expect(readdirSync('docs/public/marbles').sort()).toEqual(names.map((name) => `${name}.svg`));
});

function expectWithin(end: number, svg: string, attributes: string): void {
  const places = [...svg.matchAll(new RegExp(` (?:${attributes})="([^"]+)"`, 'g'))].map(([, place]) => Number(place));
  expect(Math.min(...places)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...places)).toBeLessThanOrEqual(end);
}
