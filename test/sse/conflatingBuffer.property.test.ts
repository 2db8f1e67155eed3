import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConflatingBuffer } from '../../src/sse/conflatingBuffer.js';
import { runs } from '../runs.js';

type Step = { readonly push: number } | 'take';

const key = fc.integer({ min: 0, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(fc.record({ push: key }), fc.constant('take' as const));
const steps = fc.array(step, { maxLength: 200 });

interface Value {
  readonly key: number;
  readonly place: number;
}

function play(given: readonly Step[], maxSize = Infinity) {
  const buffer = new ConflatingBuffer<Value>(maxSize);
  const [pushed, taken]: [Value[], Value[]] = [[], []];
  const take = (): void => {
    const value = buffer.take();
    if (value !== undefined) taken.push(value);
  };
  given.forEach((it, place) => {
    if (it === 'take') {
      take();
      return;
    }
    const value = { key: it.push, place };
    if (buffer.push(value, value.key)) pushed.push(value);
  });
  const takenAmid = taken.length;
  while (!buffer.isEmpty) take();
  return { pushed, taken, takenAmid };
}

describe('a conflating buffer', () => {
  it('should always give the newest of each key in the end, and nothing twice', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const { pushed, taken } = play(given);
        const newest = (values: readonly Value[]) => new Map(values.map((value) => [value.key, value]));
        expect(newest(taken)).toEqual(newest(pushed));
        expect(new Set(taken).size).toBe(taken.length);
      }),
      runs(300),
    );
  });

  it('should always give what it gives in the order in which it came: an id that was read covers all before it', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const places = play(given).taken.map(({ place }) => place);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }),
      runs(300),
    );
  });

  it('should never hold more than two values of a key, whatever happens', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const { taken, takenAmid } = play(given);
        expect(taken.length - takenAmid).toBeLessThanOrEqual(2 * 6);
      }),
      runs(300),
    );
  });

  it('should never let a key that does not rest keep another from its turn, nor lose its own', () => {
    const buffer = new ConflatingBuffer<string>(10);
    const taken: (string | undefined)[] = [];
    for (let i = 0; i < 12; i++) {
      for (const it of ['a', 'b', 'restless']) buffer.push(it, it);
      taken.push(buffer.take());
    }
    for (const it of ['a', 'b', 'restless']) expect(taken.filter((other) => other === it)).toHaveLength(4);
  });

  it('should always refuse one key too many, and change nothing by it', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const { pushed, taken } = play(
          given.filter((it) => it !== 'take'),
          3,
        );
        expect(new Set(taken.map((value) => value.key)).size).toBeLessThanOrEqual(3);
        expect(new Set(pushed.map((value) => value.key)).size).toBe(taken.length);
      }),
      runs(300),
    );
  });

  it('keeps all that has no key, in order, and makes room for it where it is told to', () => {
    const buffer = new ConflatingBuffer<string>(2);
    expect(['a', 'a', 'b'].map((value) => buffer.push(value))).toEqual([true, true, false]);
    buffer.dropOldest();
    expect(buffer.push('c')).toBe(true);
    expect([buffer.take(), buffer.take(), buffer.take()]).toEqual(['a', 'c', undefined]);
  });
});
