import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concurrency } from '../../src/limits/concurrency.js';
import { Turns, type Turn } from './fairnessTurns.js';

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

describe('turns between keys', () => {
  it('should always share by weight, to a turn and a piece of work, while work of a key waits, whoever gives up', () => {
    fc.assert(
      fc.property(keys, fc.boolean(), fc.array(fc.nat(300), { maxLength: 40 }), (all, isMixed, givingUp) => {
        const turn = greatestSize / Math.min(...all.map(({ weight }) => weight));
        const shares = new Map(all.map(({ name }) => [name, 0]));
        let waiting: Turn[] = [];
        const check = ({ name, cost, place }: Turn): void => {
          shares.set(name, (shares.get(name) ?? NaN) + Number(cost) / place.weight);
          waiting = waiting.filter((other) => other.isQueued);
          const busy = all.filter((key) => waiting.some((other) => other.name === key.name));
          for (const one of busy) {
            for (const other of busy) {
              const lead = (shares.get(one.name) ?? NaN) - (shares.get(other.name) ?? NaN);
              expect(lead, `${one.name} before ${other.name}`).toBeLessThan(turn + greatestSize / other.weight);
            }
          }
        };
        const turns = new Turns({ limits: [concurrency({ limit: greatestSize })] }, (started) => {
          if (started.name === '-') return;
          check(started);
          const given = waiting[givingUp.pop() ?? Infinity];
          if (given !== undefined && waiting.some((it) => it !== given && it.name === given.name))
            turns.limiter.leave(given);
        });
        turns.enter('-', { cost: greatestSize });
        const works = all.flatMap(({ name, weight, sizes }) =>
          sizes.map((cost, index) => ({ name, weight, cost, index })),
        );
        if (isMixed) works.sort((one, other) => one.index - other.index);
        for (const { name, ...options } of works) waiting.push(turns.enter(name, options));
        turns.serve();
        expect(turns.limiter.waiting).toBe(0);
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
