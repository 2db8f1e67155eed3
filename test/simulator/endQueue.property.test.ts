import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndQueue } from '../../src/simulator/endQueue.js';
import { beginTask, type Task } from '../../src/simulator/life.js';
import { readOrder } from '../../src/simulator/readOrder.js';
import { runs } from '../runs.js';

const reading = readOrder({ product: 'videos/text2video' }, { prompt: 'a cat' });
if (!reading.ok) throw new Error(reading.message);
const { order } = reading;

function lasting(ms: number): Task {
  const beginning = { id: '1', order, credits: 10, deduction: 10, failing: false };
  return beginTask(beginning, { min: ms, max: ms }, 0, () => 0);
}

/** A number is a task that lasts so long; 'remove' takes one out. */
const steps = fc.array(fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constant('remove' as const)), { maxLength: 200 });

describe('the queue of ends', () => {
  it('should always have the next to end first', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const queue = new EndQueue();
        let byHand: number[] = [];
        for (const step of given) {
          if (step === 'remove') {
            queue.removeFirst();
            byHand = byHand.slice(1);
          } else {
            queue.add(lasting(step));
            byHand = [...byHand, step].sort((one, other) => one - other);
          }
          expect(queue.first?.endsAtMs).toBe(byHand[0]);
        }
      }),
      runs(200),
    );
  });
});
