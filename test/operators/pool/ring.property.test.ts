import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ring } from '../../../operators/pool/ring.js';
import { runs } from '../../runs.js';

it('a ring should always hold what an array would', () => {
  const steps = fc.array(fc.constantFrom('push', 'push', 'push', 'take', 'takeNewest'), {
    maxLength: 300,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (script) => {
      const ring = new Ring<number>();
      const model: number[] = [];
      script.forEach((step, index) => {
        if (step === 'push') {
          ring.push(index);
          model.push(index);
        } else if (model.length > 0) {
          if (step === 'take') expect(ring.take()).toBe(model.shift());
          else expect(ring.takeNewest()).toBe(model.pop());
        }
        expect(ring.size).toBe(model.length);
      });
    }),
    runs(200),
  );
});
