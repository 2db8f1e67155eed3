import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionsError } from '../../src/errors.js';
import { canonicalJson, Identities } from '../../src/tasks/identity.js';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const identities = (runId = 'run'): Identities => new Identities(runId, digest);

/** Prompts of which some ask for the same. */
const prompts = fc.array(fc.record({ prompt: fc.constantFrom('a', 'b', 'c'), n: fc.constantFrom(1, 2) }), {
  maxLength: 20,
});

function keysOf(all: readonly object[]): readonly string[] {
  const run = identities();
  return all.map((request) => run.identify(request, {}).key);
}

describe('the identities of prompts', () => {
  it('should always be apart, those of equal prompts too', () => {
    fc.assert(
      fc.property(prompts, (all) => {
        const run = identities();
        const found = all.map((request) => run.identify(request, {}));
        expect(new Set(found.map(({ key }) => key)).size).toBe(all.length);
        expect(new Set(found.flatMap(({ idOf }) => [idOf(0), idOf(1)])).size).toBe(2 * all.length);
      }),
    );
  });

  it('should always be the same in a later run of a file that has grown, wherever the new lines stand', () => {
    fc.assert(
      fc.property(prompts, fc.array(fc.nat(), { maxLength: 20 }), (all, places) => {
        const grown: object[] = [...all];
        places.forEach((place, index) => grown.splice(place % (grown.length + 1), 0, { prompt: `new ${index}` }));
        const known = new Set(keysOf(grown));
        for (const key of keysOf(all)) expect(known).toContain(key);
        expect(known.size).toBe(all.length + places.length);
      }),
    );
  });

  it('should always be the same set whatever the order of the lines', () => {
    fc.assert(
      fc.property(prompts, (all) => {
        expect(keysOf(all.toReversed()).toSorted()).toEqual(keysOf(all).toSorted());
      }),
    );
  });

  it('should always be ids that a server takes, and of one run alone', () => {
    const given = fc.stringMatching(/^[\w-]{1,40}$/);
    fc.assert(
      fc.property(given, fc.nat({ max: 20 }), (promptId, round) => {
        const id = identities().identify('a', { promptId }).idOf(round);
        expect(id).toMatch(/^[\w-]{1,64}$/);
        expect(id.startsWith(`${promptId}-`)).toBe(true);
        expect(identities('another').identify('a', { promptId }).idOf(round)).not.toBe(id);
      }),
    );
  });

  it('should always write equal values as equal JSON, however they were put together', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('a given id', () => {
  it('makes a prompt known whatever it asks for', () => {
    const [one, other] = [identities(), identities()];
    const before = one.identify('a', { promptId: 'cat-1' });
    const after = other.identify('b', { promptId: 'cat-1' });
    expect(after.key).toBe(before.key);
    expect(after.content).not.toBe(before.content);
  });

  it('is the id itself where it is an external one, and what others begin with where a task is made once more', () => {
    const { idOf } = identities().identify('a', { externalId: 'x'.repeat(64) });
    expect(idOf(0)).toBe('x'.repeat(64));
    expect(idOf(1)).toMatch(/^x{40}-[0-9a-f]{23}$/);
    expect(new Set([idOf(0), idOf(1), idOf(2), idOf(12)]).size).toBe(4);
  });

  it('makes of no two prompts tasks of one id, however much their ids are alike', () => {
    const run = identities();
    const ids = ['shot', 'shot-1', 'shot-1-1', `${'x'.repeat(62)}aa`, `${'x'.repeat(62)}ab`];
    const all = ids.flatMap((externalId) => {
      const { idOf } = run.identify('a', { externalId });
      return [idOf(0), idOf(1), idOf(2)];
    });
    expect(new Set(all).size).toBe(all.length);
  });

  it.each([
    [{ promptId: '' }],
    [{ promptId: 'x'.repeat(41) }],
    [{ promptId: 'a b' }],
    [{ externalId: 'x'.repeat(65) }],
    [{ externalId: 'ä' }],
  ])('is refused where a server would not take it: %j', (given) => {
    expect(() => identities().identify('a', given)).toThrow(OptionsError);
  });

  it('stands for one prompt', () => {
    const run = identities();
    run.identify('a', { promptId: 'cat-1' });
    expect(() => run.identify('b', { promptId: 'cat-1' })).toThrow(/"cat-1" stands for another prompt already/);
  });
});
