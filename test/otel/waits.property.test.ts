import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Waits } from '../../src/otel/waits.js';
import { runs } from '../runs.js';

/** What happens in a queue, one after the other: somebody comes, the n-th of those who wait goes or leaves, time passes. */
interface Step {
  readonly does: 'come' | 'pass' | 'go' | 'leave';
  readonly figure: number;
}

const anyStep = (...does: readonly Step['does'][]): fc.Arbitrary<Step> =>
  fc.record({ does: fc.constantFrom(...does), figure: fc.nat({ max: 50 }) });

/** Plays them on a queue that knows who is who, and hands back what each who went has waited: truly, and as it was told. */
function play(steps: readonly Step[], isFair: boolean): { readonly true: number[]; readonly told: number[] } {
  const waits = new Waits(0);
  const queue: number[] = [];
  const [truly, told]: [number[], number[]] = [[], []];
  let nowMs = 0;
  for (const { does, figure } of steps) {
    const place = isFair ? 0 : figure % Math.max(1, queue.length);
    if (does === 'pass') nowMs += figure;
    if (does === 'come') {
      queue.push(nowMs);
      waits.came(nowMs, queue.length);
    }
    if (does === 'leave') queue.splice(place, 1);
    if (does === 'go' && queue.length > 0) {
      truly.push(nowMs - queue.splice(place, 1)[0]!);
      told.push(waits.went(nowMs, queue.length) ?? NaN);
    }
  }
  return { true: truly, told };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

describe('Waits', () => {
  it('should always tell the waits of a queue that is first in, first out', () => {
    fc.assert(
      fc.property(fc.array(anyStep('come', 'pass', 'go'), { maxLength: 200 }), (steps) => {
        const { true: truly, told } = play(steps, true);
        expect(told).toEqual(truly);
      }),
      runs(200),
    );
  });

  it('should always be right about all waits together, whoever goes first', () => {
    fc.assert(
      fc.property(fc.array(anyStep('come', 'pass', 'go'), { maxLength: 200 }), (steps) => {
        // To the last of them: before that, who waits makes the difference.
        const { true: truly, told } = play([...steps, ...steps.map(() => ({ does: 'go', figure: 0 }) as const)], false);
        expect(sum(told)).toBe(sum(truly));
      }),
      runs(200),
    );
  });

  it('should never tell a wait that is longer than that of whoever came first of those who are left', () => {
    fc.assert(
      fc.property(fc.array(anyStep('come', 'pass', 'go', 'leave'), { maxLength: 200 }), (steps) => {
        const { true: truly, told } = play(steps, true);
        told.forEach((wait, index) => expect(wait).toBeLessThanOrEqual(truly[index]!));
      }),
      runs(200),
    );
  });

  it('says that whoever goes on the spot has not waited, and nothing of those who came before', () => {
    const waits = new Waits(1);
    expect(waits.went(5, 1)).toBe(0);
    expect(waits.went(6, 0)).toBe(undefined);
    waits.came(7, 1);
    waits.left(0);
    expect(waits.went(8, 0)).toBe(0);
  });

  it('keeps no more than those who wait', () => {
    const waits = new Waits(0);
    for (let i = 0; i < 100_000; i++) {
      waits.came(i, 1);
      if (waits.went(i + 3, 0) !== 3) expect.fail(`the wait of ${i}`);
    }
    for (let i = 0; i < 5_000; i++) waits.came(i, i + 1);
    expect(Array.from({ length: 5_000 }, (_, i) => waits.went(6_000, 4_999 - i))).toEqual(
      Array.from({ length: 5_000 }, (_, i) => 6_000 - i),
    );
  });
});
