import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lane } from '../../src/limiter/lane.js';
import { Parking } from '../../src/limiter/parking.js';
import { commonPlace } from '../../src/limiter/place.js';

describe('the parking of lanes', () => {
  it('should always know whose instant comes first, whoever leaves early', () => {
    const untilMs = fc.oneof(fc.nat(50), fc.constant(Infinity));
    const steps = fc.array(fc.record({ lane: fc.nat(19), untilMs }), { maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(steps, (all) => {
        const parking = new Parking();
        const lanes = Array.from({ length: 20 }, () => new Lane(commonPlace));
        for (const { lane: index, untilMs } of all) {
          const lane = lanes[index];
          if (lane?.parkedUntilMs === undefined) parking.enter(lane ?? new Lane(commonPlace), untilMs);
          else parking.leave(lane);
          const parked = lanes.flatMap(({ parkedUntilMs }) => parkedUntilMs ?? []);
          expect(parking.size).toBe(parked.length);
          expect(parking.earliest?.parkedUntilMs ?? Infinity).toBe(Math.min(...parked));
        }
      }),
    );
  });
});
