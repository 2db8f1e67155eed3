import { describe, expect, it } from 'vitest';
import { early, late, VirtualClock } from './virtualClock.js';

describe('VirtualClock, the tool of these tests', () => {
  it('runs timers at their instants, in order, also those set on the way', () => {
    const clock = new VirtualClock();
    const ran: [string, number][] = [];
    const note = (name: string) => () => void ran.push([name, clock.now()]);
    clock.schedule(20, note('b'));
    clock.schedule(10, () => {
      note('a')();
      clock.schedule(5, note('a+5'));
    });
    clock.schedule(20, note('b too'));
    clock.schedule(31, note('never'));
    clock.schedule(15, note('cancelled'))();
    clock.advance(30);
    expect(ran).toEqual([
      ['a', 10],
      ['a+5', 15],
      ['b', 20],
      ['b too', 20],
    ]);
    expect([clock.now(), clock.pending]).toEqual([30, 1]);
  });

  it('steps its two readings apart, and its timers go by true time', () => {
    const clock = new VirtualClock({ epochMs: 1_000 });
    let isDone = false;
    clock.schedule(10, () => (isDone = true));
    clock.stepBack(5);
    clock.stepWall(-700);
    expect([clock.now(), clock.epochNow(), clock.elapsedMs]).toEqual([-5, 300, 0]);
    clock.advance(10);
    expect([clock.now(), clock.epochNow(), isDone]).toEqual([5, 310, true]);
  });

  it('fires early or late where it is told to, and lets time pass all the same', () => {
    expect([early(1)(10), early(1)(1), early(1)(0.5), late(3)(10)]).toEqual([9, 1, 0.5, 13]);
  });

  it('says so when somebody spins', () => {
    const clock = new VirtualClock();
    const spin = () => void clock.schedule(0, spin);
    spin();
    expect(() => clock.advance(1)).toThrow('somebody spins');
  });
});
