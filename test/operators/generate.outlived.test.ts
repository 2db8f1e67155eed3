import { describe, expect, it } from 'vitest';
import { createLimiter } from '../../operators/createLimiter.js';
import { concurrency } from '../../src/limits/concurrency.js';
import { dailyQuota } from '../../src/limits/dailyQuota.js';
import { begin, play } from './generating.js';
import { Machine } from './machine.js';
import type { VirtualClock } from './virtualClock.js';

describe('a limiter of slots that outlives the streams of one journal', () => {
  it('has each task once in the credits of the day, whenever one of them is left', async () => {
    const usedByStreams = async (leave: (clock: VirtualClock) => Promise<void>) => {
      const machine = new Machine({ latencyMs: 10 });
      const { clock, server: api } = machine;
      const limits = [concurrency({ limit: 2, name: 'tasks' }), dailyQuota({ limit: 9, name: 'credits' })];
      const slots = createLimiter({ limits, clock });
      const options = { clock, api, slots, journal: machine.journal() };
      await play({ ...options, prompts: ['a'] });
      const left = begin({ ...options, prompts: ['a', 'b', 'c'] });
      await leave(clock);
      left.recording.subscription.unsubscribe();
      await play({ ...options, prompts: ['a', 'b', 'c', 'd'] });
      return slots.snapshot().limits.map(({ used }) => used);
    };
    for (const atMs of [0, 5, 15, 50, 120]) {
      expect(await usedByStreams((clock) => clock.settle(atMs))).toEqual([0, 4]);
    }
    // Amid its writes, too.
    for (let steps = 0; steps < 80; steps++) {
      const stepping = async () => {
        for (let step = 0; step < steps; step++) await Promise.resolve();
      };
      expect(await usedByStreams(stepping)).toEqual([0, 4]);
    }
  });
});
