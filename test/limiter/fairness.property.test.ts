import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import { Turns } from './fairnessTurns.js';

const names = Array.from('abcdef');
const greatestSize = 7;

/** Keys with weights that divide without a remainder in floating point, and the sizes of all their work. */
const keys = fc
  .array(
    fc.record({
      weight: fc.constantFrom(0.25, 0.5, 1, 2, 4, 8),
      sizes: fc.array(fc.integer({ min: 1, max: greatestSize }), { minLength: 1, maxLength: 60 }),
    }),
    { minLength: 2, maxLength: names.length },
  )
  .map((all) => all.map((key, index) => ({ ...key, name: names[index] ?? '' })));

/** Has all of them wait behind one that runs, each key's work as a whole or in turns, then lets them take their turns. */
function serveAll(all: readonly { name: string; weight: number; sizes: readonly number[] }[], mixed: boolean): Turns {
  const turns = new Turns({ limits: [concurrency({ limit: greatestSize })] });
  turns.enter('-', { cost: greatestSize });
  const enter = ({ name, weight, sizes }: (typeof all)[number], index: number): void => {
    const cost = sizes[index];
    if (cost !== undefined) turns.enter(name, { cost, weight });
  };
  if (mixed) for (let index = 0; index < 60; index++) for (const key of all) enter(key, index);
  else for (const key of all) for (let index = 0; index < 60; index++) enter(key, index);
  turns.order = '';
  turns.serve();
  return turns;
}

describe('turns between keys', () => {
  it('should always share by weight, to a turn and a piece of work, while work of a key waits', () => {
    fc.assert(
      fc.property(keys, fc.boolean(), (all, mixed) => {
        const { order } = serveAll(all, mixed);
        const turn = greatestSize / Math.min(...all.map(({ weight }) => weight));
        const served = all.map((key) => ({ ...key, starts: 0, units: 0 }));
        for (const name of order) {
          const key = served.find((it) => it.name === name);
          if (key === undefined) throw new Error(`${name} was not asked for`);
          key.units += key.sizes[key.starts++] ?? NaN;
          const busy = served.filter(({ starts, sizes }) => starts < sizes.length);
          for (const one of busy) {
            for (const other of busy) {
              const lead = one.units / one.weight - other.units / other.weight;
              expect(lead, `${one.name} before ${other.name}`).toBeLessThan(turn + greatestSize / other.weight);
            }
          }
        }
        expect(served.map(({ starts }) => starts)).toEqual(all.map(({ sizes }) => sizes.length));
      }),
    );
  });

  it('should always share by weight, to one turn, where all work is alike', () => {
    fc.assert(
      fc.property(keys, fc.boolean(), (all, mixed) => {
        const alike = all.map((key) => ({ ...key, sizes: key.sizes.map(() => greatestSize) }));
        const { order } = serveAll(alike, mixed);
        const turn = 1 / Math.min(...all.map(({ weight }) => weight));
        const left = new Map(alike.map(({ name, sizes }) => [name, sizes.length]));
        const shares = new Map(alike.map(({ name }) => [name, 0]));
        for (const name of order) {
          left.set(name, (left.get(name) ?? 0) - 1);
          const weight = alike.find((key) => key.name === name)?.weight ?? NaN;
          shares.set(name, (shares.get(name) ?? 0) + 1 / weight);
          const busy = [...shares].filter(([key]) => (left.get(key) ?? 0) > 0).map(([, share]) => share);
          if (busy.length > 0) expect(Math.max(...busy) - Math.min(...busy)).toBeLessThanOrEqual(turn);
        }
      }),
    );
  });

  const happenings = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ arrives: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ floods: fc.nat(9) }) },
      { weight: 1, arbitrary: fc.record({ givesUp: fc.nat(99) }) },
      { weight: 4, arbitrary: fc.constant({ serves: true }) },
    ),
    { maxLength: 120 },
  );

  it('should never let anybody start twice while another of equal weight waits for its turn, whoever comes and goes', () => {
    fc.assert(
      fc.property(happenings, (script) => {
        const turns = new Turns({}, ({ name }) => {
          for (const waiting of since.values()) waiting.set(name, (waiting.get(name) ?? 0) + 1);
          const own = since.get(name);
          if (own === undefined) return;
          own.delete(name);
          expect(Math.max(0, ...own.values()), `between two starts of ${name}`).toBeLessThanOrEqual(1);
          own.clear();
        });
        /** For each key that waits, how often every other has started since it came or last started itself. */
        const since = new Map<string, Map<string, number>>();
        const enter = (name: string): void => {
          const { waiting } = turns.limiter;
          if (!since.has(name)) since.set(name, new Map());
          places.push(turns.enter(name));
          if (turns.limiter.waiting === waiting) since.delete(name);
        };
        const places: ReturnType<Turns['enter']>[] = [];
        for (const happening of script) {
          if ('arrives' in happening) enter(String(happening.arrives));
          else if ('floods' in happening) for (let i = 0; i < 5; i++) enter(String(happening.floods));
          else if ('givesUp' in happening) {
            const place = places[happening.givesUp];
            if (place !== undefined) turns.limiter.leave(place);
          } else turns.serve(1);
          for (const name of since.keys())
            if (!places.some((place) => place.name === name && place.isQueued)) since.delete(name);
        }
      }),
    );
  });
});
