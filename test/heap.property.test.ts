import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from '../src/heap.js';
import { runs } from './runs.js';

interface Item {
  readonly value: number;
  slot: number;
}

/** An item of that value; the first is taken out; or the one that came as so many-th of those still there. */
const steps = fc.array(
  fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 30 }) }),
    fc.constant({ removeFirst: true }),
    fc.record({ remove: fc.nat({ max: 50 }) }),
  ),
  { maxLength: 200 },
);

describe('a heap', () => {
  it('should have the first of what is in it, whatever has come and gone', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const heap = new Heap<Item>(
          (one, other) => one.value < other.value,
          (item, slot) => (item.slot = slot),
        );
        const items = new Set<Item>();
        for (const step of given) {
          if ('add' in step) {
            const item = { value: step.add, slot: -1 };
            items.add(item);
            heap.add(item);
          } else if ('remove' in step) {
            const item = [...items][step.remove];
            if (item === undefined) continue;
            items.delete(item);
            heap.remove(item.slot);
          } else {
            if (heap.first !== undefined) items.delete(heap.first);
            heap.removeFirst();
          }
          expect(heap.first === undefined || items.has(heap.first)).toBe(true);
          expect(heap.first?.value ?? Infinity).toBe(Math.min(...[...items].map(({ value }) => value)));
          expect(new Set([...items].map(({ slot }) => slot)).size).toBe(items.size);
        }
      }),
      runs(300),
    );
  });
});
